import AnalyticLearning
import LinearAlgebra

/// A classifier and a batch that it learns again and again.
final class RepeatedBatch {
    let dimension: Int
    let classes: Int
    let rows: Int
    /// The class of each row.
    let columns: [Int]
    /// How often `learn` learns the batch: until it is long enough to time, some tens of milliseconds, and small batches that are gathered
    /// before they are applied have been applied a whole number of times.
    let repetitions: Int
    let classifier: Classifier
    private let features: [Double]

    init(dimension: Int, classes: Int, rows: Int, seed: UInt64 = 1) throws {
        var generator = SeededGenerator(seed: seed)
        classifier = try Classifier(ModelConfiguration(dimension: dimension))
        // All classes are known before the clock runs: growing is not what is measured.
        let first = (0..<(classes * dimension)).map { _ in Double.random(in: -1...1, using: &generator) }
        try classifier.learn(features: first, labels: (0..<classes).map(String.init))
        features = (0..<(rows * dimension)).map { _ in Double.random(in: -1...1, using: &generator) }
        columns = (0..<rows).map { _ in Int.random(in: 0..<classes, using: &generator) }
        self.dimension = dimension
        self.classes = classes
        self.rows = rows
        let cycle = classifier.gatheringCycle(rows: rows)
        let wanted = Int(2e9 / (4 * Double(dimension) * Double(dimension) * Double(rows)))
        repetitions = max(1, (wanted + cycle - 1) / cycle) * cycle
    }

    /// 4D²n for each time that the batch is learned.
    var operations: Double { 4 * Double(dimension) * Double(dimension) * Double(rows) }

    /// Learns the batch `repetitions` times.
    func learn() throws {
        for _ in 0..<repetitions {
            _ = try features.withUnsafeBufferPointer {
                try classifier.learn(features: $0, columns: columns, spans: [RequestSpan(rows: rows, knownClasses: classes)])
            }
        }
    }

    /// Adds the batch once to what was learned, without scoring it or bringing the weights up to date.
    func accumulate() throws {
        classifier.beginReplay(rows: .max)
        try features.withUnsafeBufferPointer { try classifier.replay(features: $0, columns: columns) }
    }

    /// Xᵀ [D×n].
    func columnMajor() throws -> Matrix {
        var x = try Matrix(rows: dimension, columns: rows)
        x.withMutableElements { _ = $0.update(fromContentsOf: features) }
        return x
    }
}
