import AnalyticLearning
import Testing

/// Models wider than those with compensated sums, tested by the equation of their weights: Hᵀ(Y − HW) = λW.
@Suite struct WideModelTests {
    private static let dimension = 1030
    private static let ridge = 0.5

    /// ‖Hᵀ(Y − HW) − λW‖ over ‖HᵀY‖.
    private func residual(_ classifier: Classifier, _ rows: [[Double]], _ labels: [String], classes: [String]) -> Double {
        let weights = classifier.weights(for: classes)
        let dimension = Self.dimension
        var (error, size) = (0.0, 0.0)
        for (index, name) in classes.enumerated() {
            let w = (0..<dimension).map { weights[$0 * classes.count + index] }
            var left = w.map { -Self.ridge * $0 }
            var right = [Double](repeating: 0, count: dimension)
            for (row, label) in zip(rows, labels) {
                var score = 0.0
                for i in 0..<dimension { score += row[i] * w[i] }
                let target = label == name ? 1.0 : 0
                for i in 0..<dimension {
                    left[i] += row[i] * (target - score)
                    right[i] += row[i] * target
                }
            }
            for i in 0..<dimension {
                error += left[i] * left[i]
                size += right[i] * right[i]
            }
        }
        return (error / size).squareRoot()
    }

    /// More rows than are accumulated at once, blocks of the recursion, single rows, and unlearned rows.
    @Test func rowsOfEveryWayOfLearning_endAtTheJointWeights() throws {
        var generator = SplitMix64(state: 11)
        let classifier = try Classifier(ModelConfiguration(dimension: Self.dimension, ridge: Self.ridge))
        let classes = ["a", "b", "c"]
        var rows = (0..<2150).map { _ in (0..<Self.dimension).map { _ in generator.normal() } }
        var labels = (0..<2150).map { _ in classes[Int.random(in: 0..<3, using: &generator)] }
        var first = 0
        for count in [2060, 64, 20, 5, 1] {
            let part = first..<(first + count)
            try classifier.learn(features: rows[part].flatMap { $0 }, labels: Array(labels[part]))
            first += count
        }
        #expect(residual(classifier, rows, labels, classes: classes) < 1e-10)
        try classifier.unlearn(features: rows.suffix(40).flatMap { $0 }, labels: Array(labels.suffix(40)))
        rows.removeLast(40)
        labels.removeLast(40)
        try classifier.unlearn(features: rows[0], labels: [labels[0]])
        rows.removeFirst()
        labels.removeFirst()
        #expect(classifier.samples == rows.count)
        #expect(residual(classifier, rows, labels, classes: classes) < 1e-10)
    }
}
