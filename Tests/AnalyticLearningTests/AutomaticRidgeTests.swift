import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// A ridge that chooses itself.
@Suite struct AutomaticRidgeTests {
    /// Digits through a random map, of which few are learned, so that the ridge matters; the rest are the test rows.
    private func run(
        _ choice: RidgeChoice, ridge: Double, seed: UInt64, learned: Int = 900, block: Int = 16
    ) throws -> (classifier: Classifier, accuracy: Double, balanced: Double) {
        let stream = try DigitStream(seed: seed)
        let configuration = ModelConfiguration(
            dimension: Digits.dimension, featureMap: .randomRelu(width: 400, seed: 1), ridge: ridge, ridgeChoice: choice)
        let classifier = try Classifier(configuration)
        for first in stride(from: 0, to: learned, by: block) {
            try stream.learn(first..<min(first + block, learned), classifier)
            if choice != .fixed { try classifier.tuneRidge() }
        }
        let weights = try #require(classifier.publish())
        let test = Array(stream.order[learned...])
        let predictions = weights.predict(stream.digits.rows(test).map(Float.init))
        var (right, rows) = ([Int](repeating: 0, count: 10), [Int](repeating: 0, count: 10))
        for (index, prediction) in zip(test, predictions) {
            rows[stream.digits.labels[index]] += 1
            if prediction.label.text == "\(stream.digits.labels[index])" { right[stream.digits.labels[index]] += 1 }
        }
        let shares = zip(right, rows).map { Double($0) / Double($1) }
        return (classifier, Double(right.reduce(0, +)) / Double(test.count), shares.reduce(0, +) / 10)
    }

    @Test(arguments: [RidgeMetric.accuracy, .balancedAccuracy])
    func ridge_endsNearTheBestFixedOne_fromBothSides(metric: RidgeMetric) throws {
        let fixed = try (-6...6).map { step in
            let result = try run(.fixed, ridge: HalfDecade.ridge(2 * step), seed: 5)
            return metric == .accuracy ? result.accuracy : result.balanced
        }
        let best = try #require(fixed.max())
        // The ends are worse, so the ridge must move.
        #expect(fixed[0] < best - 0.01 && fixed[12] < best - 0.01, "\(fixed)")
        for start in [1e-6, 1e6] {
            let result = try run(.automatic(metric), ridge: start, seed: 5)
            let measured = metric == .accuracy ? result.accuracy : result.balanced
            #expect(measured >= best - 0.005, "from \(start) to \(result.classifier.configuration.ridge): \(measured), best of \(fixed)")
        }
    }

    @Test func weightsAreThoseOfTheJointRegressionAtTheRidgeInForce() throws {
        let stream = try DigitStream(seed: 7)
        let classifier = try Classifier(
            ModelConfiguration(dimension: Digits.dimension, ridge: 1e6, ridgeChoice: .automatic(.accuracy)))
        var moves = 0
        for first in stride(from: 0, to: 640, by: 32) {
            try stream.learn(first..<(first + 32), classifier)
            if try classifier.tuneRidge() { moves += 1 }
        }
        #expect(moves > 0 && classifier.configuration.ridge < 1e6)
        let joint = try Classifier(ModelConfiguration(dimension: Digits.dimension, ridge: classifier.configuration.ridge))
        try stream.learn(0..<640, joint)
        let labels = joint.registry.labels
        #expect(relativeDifference(classifier.weights(for: labels), joint.weights(for: labels)) < 1e-9)
    }

    @Test func candidatesAreRidgeRegressionsOfTheirOwn() throws {
        let stream = try DigitStream(seed: 8)
        let classifier = try Classifier(
            ModelConfiguration(dimension: Digits.dimension, ridge: 0.2, ridgeChoice: .automatic(.accuracy)))
        try stream.learn(0..<300, classifier)
        let candidates = try #require(try classifier.makeRidgeJob()?.run().candidates)
        #expect(candidates.ridges.contains(0.2) && candidates.ridges == candidates.ridges.sorted())
        #expect((RidgeCandidates.count...RidgeCandidates.count + 1).contains(candidates.ridges.count))
        let rows = Array(stream.order[400..<420])
        var h = try Matrix(rows: Digits.dimension, columns: rows.count)
        for (column, row) in rows.enumerated() { h.withMutableColumn(column) { _ = $0.update(fromContentsOf: stream.digits.rows([row])) } }
        var scores = try Matrix(rows: 0, columns: 0)
        try candidates.score(h, into: &scores)
        for (place, ridge) in candidates.ridges.enumerated() {
            let joint = try Classifier(ModelConfiguration(dimension: Digits.dimension, ridge: ridge))
            try stream.learn(0..<300, joint)
            let weights = try #require(joint.publish())
            for row in rows.indices {
                let expected = try #require(weights.scorer()).scoreInDouble(stream.digits.rows([rows[row]]))
                for (column, value) in expected.enumerated() {
                    #expect(abs(scores[row, place * expected.count + column] - value) < 1e-5)
                }
            }
        }
    }

    @Test func candidatesThatKnowRemovedRows_areDropped() throws {
        let stream = try DigitStream(seed: 9)
        let classifier = try Classifier(
            ModelConfiguration(dimension: Digits.dimension, ridge: 0.2, ridgeChoice: .automatic(.accuracy)))
        try stream.learn(0..<300, classifier)
        let before = try #require(try classifier.makeRidgeJob())
        try classifier.tuneRidge()
        #expect(classifier.core.race != nil && !classifier.needsRidgeCandidates)
        try classifier.unlearn(features: stream.digits.rows(stream.order[10..<12]), labels: stream.labels(10..<12))
        #expect(classifier.core.race == nil && classifier.needsRidgeCandidates)
        let candidates = try #require(try before.run().candidates)
        #expect(try !classifier.adopt(candidates))
        try classifier.tuneRidge()
        try classifier.deleteClass("3")
        #expect(classifier.core.race == nil)
    }

    @Test func ridgeThatTheSumsDoNotDetermine_isLeft() throws {
        // More columns than rows span, and a ridge below rounding.
        let classifier = try Classifier(ModelConfiguration(dimension: 40, ridge: 1e-18, ridgeChoice: .automatic(.accuracy)))
        var random = SplitMix64(state: 3)
        for block in 0..<20 {
            var rows: [Double] = []
            for row in 0..<20 {
                let values = (0..<20).map { random.normal() + ($0 == (block + row) % 2 ? 1 : 0) }
                rows += values + values
            }
            try classifier.learn(features: rows, labels: (0..<20).map { "\((block + $0) % 2)" })
            try classifier.tuneRidge()
        }
        #expect(classifier.configuration.ridge > 1e-10)
    }

    @Test func fewRowsAndOneClass_haveNoCandidates() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 2, ridgeChoice: .automatic(.accuracy)))
        try classifier.learn(features: [Double](repeating: 1, count: 600), labels: [String](repeating: "a", count: 300))
        #expect(!classifier.needsRidgeCandidates)
        try classifier.learn(features: [1, 0], labels: ["b"])
        #expect(classifier.needsRidgeCandidates)
    }
}
