import AnalyticLearning
import CommandSupport
internal import Concurrency
import LinearAlgebra

/// The time of a refresh of balanced weights, beside the sum of its unavoidable parts, measured in the same run: the normal draws, the
/// map's `dgemm`, one `dsyrk` over the drawn or sketched rows, one `dpotrf`, and one `dpotrs`. A discriminant needs none of them.
struct RebalanceBench {
    private let width: Int
    private let inputs: Int
    private let classes: Int
    private let cap: Int
    private let seconds: Double
    private let asJSON: Bool
    private let computeThreads: Int?

    init(_ arguments: ParsedArguments) throws {
        width = try arguments.integer("--dimension", in: 2...65536) ?? 2048
        inputs = try arguments.integer("--inputs", in: 1...65536) ?? 384
        classes = try arguments.integer("--classes", in: 2...100_000) ?? 100
        cap = try arguments.integer("--cap", in: 1...1_000_000) ?? 128
        seconds = try arguments.seconds("--seconds") ?? 3
        asJSON = arguments.has("--json")
        computeThreads = try arguments.integer("--compute-threads", in: 1...256)
    }

    func run() throws {
        let library = BLASLibrary.current
        library.setThreadCount(computeThreads ?? library.threadCount)
        var figures = Figures(
            [
                .init(title: "method", key: "method", width: 15), .init(title: "samples", key: "samples", width: 8),
                .init(title: "rows added", key: "rows_added", width: 8), .init(title: "refresh ms", key: "refresh_milliseconds", width: 8),
                .init(title: "draws", key: "draws_milliseconds", width: 7), .init(title: "map", key: "map_milliseconds", width: 7),
                .init(title: "dsyrk", key: "syrk_milliseconds", width: 7), .init(title: "dpotrf", key: "potrf_milliseconds", width: 7),
                .init(title: "dpotrs", key: "potrs_milliseconds", width: 7), .init(title: "ratio", key: "ratio", width: 6),
            ],
            heading: """
                \(library.description), \(library.threadCount) threads; medians
                \(classes) classes, random_relu from \(inputs) inputs to \(width); ratio: the refresh over the sum of its unavoidable parts
                """, asJSON: asJSON)
        // The same model after a stream four times as long: a refresh must not cost more.
        for factor in [1, 4] {
            for (name, imbalance) in [
                ("pseudo_features", Imbalance.pseudoFeatures(noise: 1, cap: cap, seed: 1)), ("reweight", .reweight(power: 0.5)),
                ("discriminant", .discriminant()),
            ] {
                try measure(name, imbalance, factor, &figures)
            }
        }
        figures.finish()
    }

    private func measure(_ name: String, _ imbalance: Imbalance, _ factor: Int, _ figures: inout Figures) throws {
        let classifier = try Classifier(
            ModelConfiguration(dimension: inputs, featureMap: .randomRelu(width: width, seed: 1), imbalance: imbalance))
        // A long tail from 20 rows to 2·cap more; every class has at least `cap` rows less than the first.
        var counts = (0..<classes).map { factor * (20 + cap * (classes - 1 - $0) / (4 * (classes - 1))) }
        counts[0] += 2 * cap * factor
        try learn(classifier, counts)
        var added = 0
        if case .discriminant = imbalance { return try measureAlone(name, classifier, &figures) }
        switch imbalance {
        case .pseudoFeatures: added = counts.reduce(0) { $0 + min(cap, counts[0] - $1) }
        default: for column in 0..<classes { added += classifier.sketchSize(of: column)?.rows ?? 0 }
        }
        var parts = try UnavoidableParts(
            width: width, inputs: inputs, classes: classes, rows: added, isDrawn: name == "pseudo_features")
        var refreshes = Timing()
        let end = MonotonicClock.now + seconds
        _ = try classifier.makeBalanceJob()?.run()
        try parts.run()
        parts.forget()
        repeat {
            try refreshes.measure { _ = try classifier.makeBalanceJob()?.run() }
            try parts.run()
        } while MonotonicClock.now < end || refreshes.count < 3
        let times = parts.medians
        figures.add(
            [.text(name), .integer(classifier.samples), .integer(added), .number(refreshes.median * 1e3, digits: 1)]
                + times.map { .number($0 * 1e3, digits: 1) } + [.number(refreshes.median / times.reduce(0, +), digits: 2)])
    }

    /// The time of a refresh, from copying to taking over, that shares no part with the others.
    private func measureAlone(_ name: String, _ classifier: Classifier, _ figures: inout Figures) throws {
        var refreshes = Timing()
        let end = MonotonicClock.now + seconds
        try classifier.rebalance()
        repeat { try refreshes.measure { _ = try classifier.rebalance() } } while MonotonicClock.now < end || refreshes.count < 3
        let time = Figures.Value.number(refreshes.median * 1e3, digits: 1)
        figures.add([.text(name), .integer(classifier.samples), .none, time] + [Figures.Value](repeating: .none, count: 6))
    }

    private func learn(_ classifier: Classifier, _ counts: [Int]) throws {
        var generator = SeededGenerator(seed: 1)
        // One request, so that it is accumulated and solved once.
        var features: [Double] = []
        var labels: [String] = []
        for (column, count) in counts.enumerated() {
            let center = (0..<inputs).map { _ in Double.random(in: -1...1, using: &generator) }
            for _ in 0..<count {
                features.append(contentsOf: center.map { $0 + Double.random(in: -1...1, using: &generator) })
                labels.append("class \(column)")
            }
        }
        try classifier.learn(features: features, labels: labels)
    }
}
