import AnalyticLearning
import Foundation
import LinearAlgebra
import TensorFormats

/// Rows a second through the learner, beside what the machine's own matrix product does in the same run.
///
/// Learning and `dgemm` are timed in turn, so that a machine whose speed drifts drifts under both; the figures are medians.
struct EngineBench {
    struct Result {
        var dimension: Int
        var classes: Int
        var batch: Int
        var rowsPerSecond: Double
        var gflops: Double
        var dgemmGflops: Double
        /// How many times as long the published recursion takes for the same rows; nil where it was not timed.
        var speedup: Double?
        var efficiency: Double { gflops / dgemmGflops }
    }

    private let dimensions: [Int]
    private let classes: [Int]
    private let batches: [Int]
    private let seconds: Double
    private let asJSON: Bool
    private let isAgainstPublished: Bool

    init(_ arguments: ParsedArguments) throws {
        dimensions = try arguments.integers("--dimension", in: 2...65536) ?? [2048]
        classes = try arguments.integers("--classes", in: 1...100_000) ?? [100]
        batches = try arguments.integers("--batch", in: 1...1_000_000) ?? [64]
        seconds = try arguments.seconds("--seconds") ?? 3
        asJSON = arguments.has("--json")
        if let yardstick = arguments.text("--against"), yardstick != "published" {
            throw UsageError("--against takes published, not \(yardstick)")
        }
        isAgainstPublished = arguments.has("--against")
    }

    func run() throws {
        let table = Table([
            ("dimension", 9), ("classes", 7), ("batch", 7), ("rows/s", 10), ("GFLOP/s", 8), ("dgemm GFLOP/s", 8), ("efficiency", 6),
            ("x published", 8),
        ])
        if !asJSON {
            let library = BLASLibrary.current
            print("\(library.description), \(library.threadCount) threads; GFLOP/s counted as 4D²n a batch of n rows, medians\n")
            table.printHeader()
        }
        var results: [Result] = []
        for dimension in dimensions {
            for classes in classes {
                for batch in batches {
                    let result = try measure(dimension, classes, batch)
                    results.append(result)
                    if !asJSON {
                        table.printRow([
                            "\(result.dimension)", "\(result.classes)", "\(result.batch)", String(format: "%.0f", result.rowsPerSecond),
                            String(format: "%.1f", result.gflops), String(format: "%.1f", result.dgemmGflops),
                            String(format: "%.2f", result.efficiency), result.speedup.map { String(format: "%.1f", $0) } ?? "-",
                        ])
                    }
                }
            }
        }
        if asJSON { print(Self.json(results)) }
    }

    private func measure(_ dimension: Int, _ classes: Int, _ batch: Int) throws -> Result {
        var generator = SeededGenerator(seed: 1)
        let classifier = try Classifier(ModelConfiguration(dimension: dimension))
        let features = (0..<(batch * dimension)).map { _ in Double.random(in: -1...1, using: &generator) }
        // All classes are known before the clock runs: growing is not what is measured.
        let first = (0..<(classes * dimension)).map { _ in Double.random(in: -1...1, using: &generator) }
        try classifier.learn(features: first, labels: (0..<classes).map(String.init))
        let columns = (0..<batch).map { _ in Int.random(in: 0..<classes, using: &generator) }
        let square = min(2048, max(512, dimension))
        var product = try SquareProduct(square, &generator)
        // A block of learning long enough to time: some milliseconds.
        let work = 4 * Double(dimension) * Double(dimension) * Double(batch)
        let repetitions = max(1, Int(2e9 / work))
        func learn() throws -> Int {
            for _ in 0..<repetitions {
                _ = try features.withUnsafeBufferPointer {
                    try classifier.learn(features: $0, columns: columns, spans: [RequestSpan(rows: batch, knownClasses: classes)])
                }
            }
            return repetitions
        }
        _ = try learn()
        product.run()
        var learning: [Double] = []
        var multiplying: [Double] = []
        let end = Self.now() + seconds
        repeat {
            var start = Self.now()
            let count = try learn()
            learning.append((Self.now() - start) / Double(count))
            start = Self.now()
            product.run()
            multiplying.append(Self.now() - start)
        } while Self.now() < end || learning.count < 3
        let time = Self.median(learning)
        let speedup = isAgainstPublished ? try speedup(dimension, classes, features, columns, learn) : nil
        return Result(
            dimension: dimension, classes: classes, batch: batch, rowsPerSecond: Double(batch) / time, gflops: work / time / 1e9,
            dgemmGflops: product.operations / Self.median(multiplying) / 1e9, speedup: speedup)
    }

    /// Times the published recursion and `learn` in turn.
    ///
    /// - Parameter learn: learns the batch some times and says how often.
    /// - Returns: the ratio of the medians.
    private func speedup(
        _ dimension: Int, _ classes: Int, _ features: [Double], _ columns: [Int], _ learn: () throws -> Int
    ) throws -> Double {
        var published = try PublishedRecursion(width: dimension, classes: classes, ridge: 0.1)
        var x = try Matrix(rows: dimension, columns: columns.count)
        x.withMutableElements { _ = $0.update(fromContentsOf: features) }
        try published.learn(x, columns)
        var theirs: [Double] = []
        var ours: [Double] = []
        let end = Self.now() + seconds
        repeat {
            var start = Self.now()
            try published.learn(x, columns)
            theirs.append(Self.now() - start)
            start = Self.now()
            let repetitions = try learn()
            ours.append((Self.now() - start) / Double(repetitions))
        } while Self.now() < end || theirs.count < 3
        return Self.median(theirs) / Self.median(ours)
    }

    private static func json(_ results: [Result]) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("results")
        writer.beginArray()
        for result in results {
            writer.beginObject()
            for (key, value) in [("dimension", result.dimension), ("classes", result.classes), ("batch", result.batch)] {
                writer.key(key)
                writer.write(value)
            }
            for (key, value) in [
                ("rows_per_second", result.rowsPerSecond), ("gflops", result.gflops), ("dgemm_gflops", result.dgemmGflops),
                ("efficiency", result.efficiency),
            ] {
                writer.key(key)
                writer.write(value)
            }
            if let speedup = result.speedup {
                writer.key("speedup_over_published")
                writer.write(speedup)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.string
    }

    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

/// A square matrix product: what the machine can do at best.
struct SquareProduct: ~Copyable {
    private let a: Matrix
    private let b: Matrix
    private var c: Matrix

    init(_ order: Int, _ generator: inout SeededGenerator) throws {
        var a = try Matrix(rows: order, columns: order)
        a.withMutableElements { elements in
            for index in elements.indices { elements[index] = Double.random(in: -1...1, using: &generator) }
        }
        var b = try Matrix(rows: order, columns: order)
        try b.copy(from: a)
        let c = try Matrix(rows: order, columns: order)
        self.a = a
        self.b = b
        self.c = c
    }

    /// 2n³ operations.
    var operations: Double { 2 * Double(a.rows) * Double(a.rows) * Double(a.rows) }

    mutating func run() { c.multiply(a, by: b) }
}
