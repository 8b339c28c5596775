import AnalyticLearning
import LinearAlgebra

/// A classifier and the batches that it learns, one after another.
///
/// Each batch is another stretch of one random sequence. The same rows again and again would span no more than their own number of
/// dimensions, and after some thousand rows it would be the conditioning that is measured.
final class BatchStream {
    let dimension: Int
    let classes: Int
    let rows: Int
    /// The class of each row.
    let columns: [Int]
    /// How many batches `learn` learns: until it is long enough to time, some tens of milliseconds, and small batches that are gathered
    /// before they are applied have been applied a whole number of times.
    let repetitions: Int
    let classifier: Classifier
    private let features: [Double]
    /// Where the next batch begins.
    private var start = 0

    /// - Parameter seconds: for how long it is to be timed; where that is less than a tenth, the repetitions are as much fewer.
    init(dimension: Int, classes: Int, rows: Int, seed: UInt64 = 1, seconds: Double = 1) throws {
        var generator = SeededGenerator(seed: seed)
        classifier = try Classifier(ModelConfiguration(dimension: dimension))
        // All classes are known before the clock runs: growing is not what is measured.
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

    /// Learns as many batches as `repetitions` says.
    func learn() throws {
        for _ in 0..<repetitions {
            try withNextBatch {
                _ = try classifier.learn(features: $0, columns: columns, spans: [RequestSpan(rows: rows, knownClasses: classes)])
            }
        }
    }

    /// Adds one batch to what was learned, without scoring it or bringing the weights up to date.
    func accumulate() throws {
        classifier.beginReplay(rows: .max)
        try withNextBatch { try classifier.replay(features: $0, columns: columns) }
    }

    private func withNextBatch(_ body: (UnsafeBufferPointer<Double>) throws -> Void) throws {
        try features.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[start..<(start + rows * dimension)])) }
        // By whole lines of a cache, where there are some.
        start += Self.lead(dimension)
        if start >= Self.lead(dimension) * dimension { start = 0 }
    }

    /// By how many numbers a batch begins behind the one before: there are as many batches as dimensions before the first comes again.
    private static func lead(_ dimension: Int) -> Int { dimension % 8 == 0 ? 8 : 1 }

    /// The first batch, Xᵀ [D×n].
    func columnMajor() throws -> Matrix {
        var x = try Matrix(rows: dimension, columns: rows)
        x.withMutableElements { _ = $0.update(fromContentsOf: features[..<(rows * dimension)]) }
        return x
    }
}
