import AnalyticLearning
import CommandSupport
import LinearAlgebra

/// Scoring by the event loops' own loops and by the compute threads' `sgemm`, without JSON and HTTP.
struct PredictBench {
    private let dimensions: [Int]
    private let inputs: Int?
    private let activation: RandomFeatures.Activation?
    private let classes: [Int]
    private let batches: [Int]
    private let seconds: Double
    private let asJSON: Bool
    private let computeThreads: Int?

    init(_ arguments: ParsedArguments) throws {
        dimensions = try arguments.integers("--dimension", in: 2...65536) ?? [2048]
        inputs = try arguments.integer("--inputs", in: 1...65536)
        activation = try arguments.text("--activation").map { text in
            guard let activation = RandomFeatures.Activation(rawValue: text) else {
                throw UsageError("--activation must be relu, gelu or cos, not \(text)")
            }
            return activation
        }
        classes = try arguments.integers("--classes", in: 1...100_000) ?? [100]
        batches = try arguments.integers("--batch", in: 1...1_000_000) ?? [1, 8, 64, 512]
        seconds = try arguments.seconds("--seconds") ?? 1
        asJSON = arguments.has("--json")
        computeThreads = try arguments.integer("--compute-threads", in: 1...256)
    }

    func run() throws {
        let library = BLASLibrary.current
        library.setThreadCount(computeThreads ?? library.threadCount)
        var figures = Figures(
            [
                .init(title: "dimension", key: "dimension", width: 9), .init(title: "classes", key: "classes", width: 7),
                .init(title: "rows", key: "rows", width: 6), .init(title: "own us", key: "kernel_microseconds", width: 9),
                .init(title: "own GFLOP/s", key: "kernel_gflops", width: 7), .init(title: "sgemm us", key: "sgemm_microseconds", width: 9),
                .init(title: "sgemm GFLOP/s", key: "sgemm_gflops", width: 7),
            ],
            heading: """
                \(library.description), \(library.threadCount) threads; medians of whole batches
                \(inputs.map { "\(activation?.rawValue ?? "random_relu") from \($0) inputs to the dimension" } ?? "identity map")
                """, asJSON: asJSON)
        for dimension in dimensions {
            for classes in classes {
                let scorer = try scorer(dimension, classes)
                for rows in batches { try measure(scorer, rows, &figures) }
            }
        }
        figures.finish()
    }

    private func scorer(_ width: Int, _ classes: Int) throws -> Scorer {
        var generator = SeededGenerator(seed: 1)
        let random = activation.map { activation in
            FeatureMapKind.random(RandomFeatures(activation, width: width, seed: 1, scale: .fixed(activation == .cosine ? 16 : 1)))
        }
        let map = inputs.map { _ in random ?? .randomRelu(width: width, seed: 1) } ?? .identity
        let classifier = try Classifier(ModelConfiguration(dimension: inputs ?? width, featureMap: map))
        let features = (0..<(classes * (inputs ?? width))).map { _ in Double.random(in: -1...1, using: &generator) }
        try classifier.learn(features: features, labels: (0..<classes).map(String.init))
        guard let scorer = classifier.publish()?.scorer() else { throw BenchError("the weights are not finite") }
        return scorer
    }

    private func measure(_ scorer: Scorer, _ rows: Int, _ figures: inout Figures) throws {
        var generator = SeededGenerator(seed: 2)
        let features = (0..<(rows * scorer.weights.configuration.dimension)).map { _ in Float.random(in: -1...1, using: &generator) }
        var workspace = ScoreWorkspace()
        let operations = 2 * Double(scorer.cost(rows: rows))
        let repetitions = max(1, Int(1e7 / operations))
        let times = try Timing.interleave(
            seconds: seconds,
            [
                { for _ in 0..<repetitions { scorer.score(features, workspace: &workspace) } },
                { for _ in 0..<repetitions { scorer.scoreByBLAS(features, workspace: &workspace) } },
            ])
        let (own, blas) = (times[0].median / Double(repetitions), times[1].median / Double(repetitions))
        figures.add([
            .integer(scorer.weights.configuration.width), .integer(scorer.classCount), .integer(rows), .number(own * 1e6, digits: 1),
            .number(operations / own / 1e9, digits: 1), .number(blas * 1e6, digits: 1), .number(operations / blas / 1e9, digits: 1),
        ])
    }
}
