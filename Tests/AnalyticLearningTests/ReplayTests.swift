import AnalyticLearning
import Testing

/// Rows of a log, learned again.
@Suite struct ReplayTests {
    private static let dimension = 24

    private func rows(_ count: Int) -> (features: [Double], columns: [Int]) {
        var generator = SplitMix64(state: 3)
        return ((0..<(count * Self.dimension)).map { _ in generator.normal() }, (0..<count).map { $0 % 3 })
    }

    private func replay(_ count: Int, pieces: Int, announced: Int?) throws -> Classifier {
        let classifier = try Classifier(ModelConfiguration(dimension: Self.dimension))
        _ = classifier.intern(["0", "1", "2"])
        let (features, columns) = rows(count)
        if let announced { classifier.beginReplay(rows: announced) }
        for first in stride(from: 0, to: count, by: pieces) {
            let part = first..<min(first + pieces, count)
            try features[(part.lowerBound * Self.dimension)..<(part.upperBound * Self.dimension)].withUnsafeBufferPointer {
                try classifier.replay(features: $0, columns: Array(columns[part]))
            }
        }
        classifier.finishReplay(version: 5)
        return classifier
    }

    @Test func manyRowsInSmallPieces_areSolvedOnce() throws {
        let count = 400
        let bulk = try replay(count, pieces: 2, announced: count)
        // Neither the recursion nor its probes were involved.
        #expect(bulk.health.solves == 1 && bulk.health.probes == 1)
        #expect(bulk.version == 5 && bulk.samples == count)
        let (features, columns) = rows(count)
        let rows = (0..<count).map { Array(features[($0 * Self.dimension)..<(($0 + 1) * Self.dimension)]) }
        let joint = jointSolution(rows, columns, classes: 3, ridge: 0.1)
        #expect(relativeDifference(bulk.weights(for: ["0", "1", "2"]), joint) < 1e-9)
    }

    @Test func fewRows_goThroughTheRecursion() throws {
        #expect(try replay(2, pieces: 1, announced: 2).health.solves == 0)
    }

    @Test func stateMadeAgain_goesOnWithItsHistory() throws {
        let configuration = ModelConfiguration(dimension: 2, imbalance: .pseudoFeatures(noise: 1, cap: 8, seed: 1))
        let classifier = try Classifier(configuration)
        for index in 0..<40 { try classifier.learn(features: [Double(index % 5), 1], labels: ["\(index % 3)"]) }
        #expect(try classifier.rebalance())
        for index in 0..<3 { try classifier.learn(features: [Double(index), 1], labels: ["\(index)"]) }
        let again = try Classifier(configuration)
        let columns = again.intern((0..<40).map { "\($0 % 3)" } + ["0", "1", "2"])
        let features: [Double] = (0..<40).flatMap { index -> [Double] in [Double(index % 5), 1] } + [0, 1, 1, 1, 2, 1]
        try features.withUnsafeBufferPointer { try again.replay(features: $0, columns: columns) }
        again.finishReplay(version: classifier.version)
        #expect(again.evaluation.evaluatedSamples == 0)
        let solves = again.health.solves
        again.resume(classifier.history)
        #expect(again.evaluation == classifier.evaluation)
        #expect(again.balancedVersion == 40)
        #expect(again.calibrationState(of: .plain) == classifier.calibrationState(of: .plain))
        #expect(again.calibrationState(of: .balanced) == classifier.calibrationState(of: .balanced))
        #expect(again.health.solves == classifier.health.solves + solves)
        #expect(again.health.probes >= classifier.health.probes)
        // And it requests jobs of its own.
        #expect(again.needsBalancing)
        #expect(try again.rebalance() && again.balancedVersion == 43)
    }
}
