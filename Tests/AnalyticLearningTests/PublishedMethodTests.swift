import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// Published methods as configurations, against what their own definitions give in numpy (`Vectors/published.py`). ACIL, G-ACIL, AEF-OCL
/// and AIR are in `GoldenTests`, `PseudoFeatureTests` and `ReweightTests`.
@Suite struct PublishedMethodTests {
    private static let labels = (0..<10).map { Label(stringLiteral: "\($0)") }
    private let file: Vectors
    private let digits: Digits

    init() throws {
        file = try Vectors("published")
        digits = try Digits()
    }

    /// A model of the first 90 rows, in batches.
    private func trained(_ features: RandomFeatures, ridge: Double, rows: Range<Int> = 0..<90, batch: Int = 13) throws -> Classifier {
        let classifier = try Classifier(ModelConfiguration(dimension: 64, featureMap: .random(features), ridge: ridge))
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: batch) {
            let part = start..<min(start + batch, rows.upperBound)
            try classifier.learn(features: digits.rows(part), labels: part.map { "\(digits.labels[$0])" })
        }
        return classifier
    }

    private func difference(_ classifier: Classifier, _ name: String) throws -> Double {
        relativeDifference(classifier.weights(for: Self.labels), try file.doubles(name))
    }

    @Test func ranpac() throws {
        let classifier = try trained(RandomFeatures(.relu, width: 48, seed: 5, distribution: .normal), ridge: 2)
        #expect(try difference(classifier, "ranpac.weight") < 1e-9)
    }

    @Test func otherActivations() throws {
        #expect(try difference(trained(RandomFeatures(.relu, width: 48, seed: 5, scale: .fixed(3)), ridge: 0.1), "relu.weight") < 1e-9)
        #expect(try difference(trained(RandomFeatures(.gelu, width: 48, seed: 5, scale: .fixed(2)), ridge: 0.1), "gelu.weight") < 1e-9)
        let input = RandomFeatures(.relu, width: 48, seed: 5, distribution: .normal, includesInput: true)
        #expect(try difference(trained(input, ridge: 0.5), "input.weight") < 1e-9)
    }

    @Test func randomFourierFeatures() throws {
        let classifier = try trained(RandomFeatures(.cosine, width: 48, seed: 5, scale: .fixed(1.5)), ridge: 0.01)
        #expect(try difference(classifier, "cosine.weight") < 1e-9)
    }

    @Test func scaleByTheMedianHeuristic() throws {
        let classifier = try trained(RandomFeatures(.cosine, width: 48, seed: 5, scale: .automatic), ridge: 0.01, batch: 90)
        guard case .random(let features) = classifier.configuration.featureMap, case .fixed(let scale) = features.scale else {
            Issue.record("no scale was chosen")
            return
        }
        #expect(abs(scale - (try file.doubles("median")[0])) < 1e-14 * scale)
        #expect(try difference(classifier, "auto.weight") < 1e-9)
        let scorer = try #require(classifier.publish()?.scorer())
        let expected = try file.doubles("auto.scores")
        var workspace = ScoreWorkspace()
        scorer.score(digits.rows(90..<120).map(Float.init), workspace: &workspace)
        for row in 0..<30 {
            for (column, label) in classifier.registry.labels.enumerated() {
                let score = expected[row * 10 + Self.labels.firstIndex(of: label)!]
                #expect(abs(Double(workspace.scores[row * 10 + column]) - score) < 1e-4)
            }
        }
    }

    /// AFL: clients learn apart, the server joins them. Each brings a ridge of 0.5, so the union has three of them until AFL takes them out.
    @Test func afl() throws {
        let features = RandomFeatures(.relu, width: 48, seed: 5, distribution: .normal)
        let server = try trained(features, ridge: 3 * 0.5, rows: 0..<30)
        for share in [30..<60, 60..<90] { try server.merge(trained(features, ridge: 0.5, rows: share)) }
        #expect(try difference(server, "afl.weight") < 1e-9)
    }

    /// KLDA's rule is not one of ours; it follows from the sums of a model: means Q/n, and scatter G − Σ n μμᵀ.
    @Test func klda_followsFromTheSums() throws {
        let classifier = try trained(RandomFeatures(.cosine, width: 48, seed: 5, scale: .fixed(1.5)), ridge: 0.01)
        let (parts, width) = (try SavedParts(classifier), 24)
        let counts = parts.counts.map(Double.init)
        let means = counts.indices.map { column in (0..<width).map { parts.q[$0 * counts.count + column] / counts[column] } }
        var scatter: [Double] = []
        for row in 0..<width {
            for column in 0...row {
                let between = counts.indices.reduce(0) { $0 + counts[$1] * means[$1][row] * means[$1][column] }
                scatter.append(parts.gram[row * (row + 1) / 2 + column] - between)
            }
        }
        let maps = try mapped(classifier, 90..<120)
        let differences = maps.flatMap { h in means.flatMap { mean in (0..<width).map { mean[$0] - h[$0] } } }
        var solution = try Matrix(rows: width, columns: 300).filled(with: differences)
        // The ridge of this rule is 0; the smallest number does as well.
        try scatter.withUnsafeBufferPointer { (scatter) throws -> Void in
            var equations = try NormalEquations(dimension: width, packedLower: scatter)
            _ = try equations.solve(ridge: 1e-300, &solution)
        }
        let expected = try file.doubles("klda.logits")
        for row in 0..<30 {
            for (column, label) in classifier.registry.labels.enumerated() {
                let place = row * 10 + column
                let logit = -(0..<width).reduce(0) { $0 + differences[place * width + $1] * solution[$1, place] }
                let exact = expected[row * 10 + Self.labels.firstIndex(of: label)!]
                #expect(abs(logit - exact) < 1e-9 * max(1, abs(exact)))
            }
        }
    }

    private func mapped(_ classifier: Classifier, _ rows: Range<Int>) throws -> [[Double]] {
        let x = try Matrix(rows: 64, columns: rows.count).filled(with: digits.rows(rows))
        var h = try Matrix(rows: classifier.featureMap.width, columns: rows.count)
        try classifier.featureMap.map(x, columns: rows.count, into: &h)
        return (0..<rows.count).map { row in h.withColumn(row) { Array($0) } }
    }
}
