import AnalyticLearning
import CommandSupport
import LinearAlgebra

/// A classifier and the batches that it learns one after another.
///
/// Each batch is another section of one random sequence. Repeating the same rows would span only as many dimensions as there are rows, and
/// after a few thousand rows the benchmark would measure conditioning.
final class BatchStream {
    let dimension: Int
    let classes: Int
    let rows: Int
    /// The class of each row.
    let columns: [Int]
    /// Batches per call of `learn`: enough for tens of milliseconds of timing, and for small batches, which are gathered before they are
    /// applied, to be applied a whole number of times.
    let repetitions: Int
    let classifier: Classifier
    private let features: [Double]
    /// Where the next batch begins.
    private var start = 0

    /// - Parameter seconds: the time to measure; less than a tenth reduces the repetitions in proportion.
    init(dimension: Int, classes: Int, rows: Int, seed: UInt64 = 1, seconds: Double = 1) throws {
        var generator = SeededGenerator(seed: seed)
        classifier = try Classifier(ModelConfiguration(dimension: dimension))
        // All classes are known before timing starts: growth is not measured.
        let first = (0..<(classes * dimension)).map { _ in Double.random(in: -1...1, using: &generator) }
        try classifier.learn(features: first, labels: (0..<classes).map(String.init))
        features = (0..<((rows + Self.lead(dimension)) * dimension)).map { _ in Double.random(in: -1...1, using: &generator) }
        columns = (0..<rows).map { _ in Int.random(in: 0..<classes, using: &generator) }
        self.dimension = dimension
        self.classes = classes
        self.rows = rows
        let cycle = classifier.gatheringCycle(rows: rows)
        let wanted = Int(2e9 * min(1, 10 * seconds) / (4 * Double(dimension) * Double(dimension) * Double(rows)))
        repetitions = max(1, (wanted + cycle - 1) / cycle) * cycle
    }

    /// 4D²n for each batch.
    var operations: Double { 4 * Double(dimension) * Double(dimension) * Double(rows) }

    /// Learns `repetitions` batches.
    func learn() throws {
        for _ in 0..<repetitions {
            try withNextBatch {
                _ = try classifier.learn(features: $0, columns: columns, spans: [RequestSpan(rows: rows, knownClasses: classes)])
            }
        }
    }

    /// Accumulates one batch, without scoring it or updating the weights.
    func accumulate() throws {
        classifier.beginReplay(rows: .max)
        try withNextBatch { try classifier.replay(features: $0, columns: columns) }
    }

    private func withNextBatch(_ body: (UnsafeBufferPointer<Double>) throws -> Void) throws {
        try features.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[start..<(start + rows * dimension)])) }
        // By whole cache lines, if possible.
        start += Self.lead(dimension)
        if start >= Self.lead(dimension) * dimension { start = 0 }
    }

    /// The offset of a batch from the previous one, in numbers: the first batch repeats after as many batches as there are dimensions.
    private static func lead(_ dimension: Int) -> Int { dimension % 8 == 0 ? 8 : 1 }

    /// The first batch, Xᵀ [D×n].
    func columnMajor() throws -> Matrix {
        var x = try Matrix(rows: dimension, columns: rows)
        x.withMutableElements { _ = $0.update(fromContentsOf: features[..<(rows * dimension)]) }
        return x
    }
}
