import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// The view returns to the joint solution after steps that Float64 cannot follow.
@Suite struct RecoveringViewTests {
    private static let dimension = 12

    /// Rows of normal features of a given scale, in three classes.
    private func rows(_ count: Int, scale: Double, seed: UInt64) -> (features: [[Double]], columns: [Int]) {
        var generator = SplitMix64(state: seed)
        let features = (0..<count).map { _ in (0..<Self.dimension).map { _ in scale * generator.normal() } }
        return (features, (0..<count).map { $0 % 3 })
    }

    /// The solutions scheduled for a stream of single rows while directions are left out: one each time the rows double, and at least one
    /// for as many rows as a solution costs.
    private func scheduledSolutions(_ rows: Int) -> Int {
        let most = CostModel(width: Self.dimension).truncatedRows
        var (count, since) = (0, 0)
        for samples in 1...rows {
            since += 1
            guard since >= min(max(1, samples / 3), most) else { continue }
            (count, since) = (count + 1, 0)
        }
        return count
    }

    private func joint(_ features: [[Double]], _ columns: [Int], ridge: Double) -> [Double] {
        jointSolution(features, columns, classes: 3, ridge: ridge)
    }

    @Test(arguments: [(1e-9, 1e3), (0.1, 1e7)])
    func truncatedModel_isWholeAgain_whenItsRowsSpanTheSpace(ridge: Double, scale: Double) throws {
        let (features, columns) = rows(400, scale: scale, seed: 5)
        let classifier = try Classifier(ModelConfiguration(dimension: Self.dimension, ridge: ridge))
        for (row, column) in zip(features, columns) {
            try classifier.learn(features: row, labels: ["\(column)"])
            #expect(classifier.publish() != nil)
        }
        #expect(!classifier.health.isTruncated)
        // At first each row requests a solution; that must not continue.
        #expect(classifier.health.solves <= scheduledSolutions(400), "\(classifier.health.solves) solutions for 400 rows")
        let difference = relativeDifference(classifier.weights(for: ["0", "1", "2"]), joint(features, columns, ridge: ridge))
        #expect(difference < 1e-8, "\(difference)")
    }

    @Test func streamThatStaysSingular_isSolvedSeldom() throws {
        let (random, columns) = rows(3000, scale: 1e4, seed: 6)
        let features = random.map { row in (0..<Self.dimension).map { row[$0 % 4] } }
        let classifier = try Classifier(ModelConfiguration(dimension: Self.dimension, ridge: 1e-9))
        for (row, column) in zip(features, columns) { try classifier.learn(features: row, labels: ["\(column)"]) }
        #expect(classifier.health.isIllConditioned)
        #expect(classifier.health.solves <= scheduledSolutions(3000), "\(classifier.health.solves) solutions for 3000 rows")
    }

    @Test func featureThatAppearsLate_isLearnedExactly() throws {
        var (features, columns) = rows(300, scale: 1, seed: 7)
        for row in 0..<200 { features[row][7] = 0 }
        for row in 200..<300 { features[row][7] *= 1e5 }
        let classifier = try Classifier(ModelConfiguration(dimension: Self.dimension, ridge: 0.1))
        for row in features.indices {
            try classifier.learn(features: features[row], labels: ["\(columns[row])"])
            guard row >= 200, row % 10 == 9 || row < 205 else { continue }
            let known = joint(Array(features[...row]), Array(columns[...row]), ridge: 0.1)
            let difference = relativeDifference(classifier.weights(for: ["0", "1", "2"]), known)
            #expect(difference < 1e-9, "\(difference) after row \(row)")
        }
    }

    @Test func labelsOfRefusedRows_areForgotten() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: Self.dimension))
        let (features, _) = rows(1, scale: 1, seed: 8)
        try classifier.learn(features: features[0], labels: ["known"])
        classifier.memoryLimit = 1
        #expect(throws: LinearAlgebraError.self) { try classifier.learn(features: features[0], labels: ["new"]) }
        classifier.memoryLimit = .max
        #expect(classifier.registry.labels == ["known"])
        #expect(classifier.publish()?.labels == ["known"])
        try classifier.learn(features: features[0], labels: ["new"])
        #expect(classifier.publish()?.labels == ["known", "new"])
    }
}
