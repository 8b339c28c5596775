import AnalyticLearning
import CommandSupport
import LinearAlgebra

/// Rows per second through the learner, beside the machine's own matrix product in the same run.
///
/// Learning and `dgemm` alternate, so that a drift in the machine's speed affects both; the figures are medians.
struct EngineBench {
    private let dimensions: [Int]
    private let classes: [Int]
    private let batches: [Int]
    private let seconds: Double
    private let asJSON: Bool
    private let isAgainstPublished: Bool
    private let computeThreads: Int?

    init(_ arguments: ParsedArguments) throws {
        dimensions = try arguments.integers("--dimension", in: 2...65536) ?? [2048]
        classes = try arguments.integers("--classes", in: 1...100_000) ?? [100]
        batches = try arguments.integers("--batch", in: 1...1_000_000) ?? [1, 64, 1024]
        seconds = try arguments.seconds("--seconds") ?? 3
        asJSON = arguments.has("--json")
        computeThreads = try arguments.integer("--compute-threads", in: 1...256)
        if let yardstick = arguments.text("--against"), yardstick != "published" {
            throw UsageError("--against must be published, not \(yardstick)")
        }
        isAgainstPublished = arguments.has("--against")
    }

    func run() throws {
        let library = BLASLibrary.current
        library.setThreadCount(computeThreads ?? library.threadCount)
        var figures = Figures(
            [
                .init(title: "dimension", key: "dimension", width: 9), .init(title: "classes", key: "classes", width: 7),
                .init(title: "batch", key: "batch", width: 7), .init(title: "rows/s", key: "rows_per_second", width: 8),
                .init(title: "GFLOP/s", key: "gflops", width: 7), .init(title: "dgemm GFLOP/s", key: "dgemm_gflops", width: 7),
                .init(title: "efficiency", key: "efficiency", width: 6),
                .init(title: "accumulate / dsyrk", key: "accumulate_over_dsyrk", width: 10),
                .init(title: "bulk / dsyrk", key: "bulk_over_dsyrk", width: 6),
                .init(title: "x published", key: "speedup_over_published", width: 7),
            ],
            heading: """
                \(library.description), \(library.threadCount) threads; medians
                GFLOP/s: 4D²n for a batch of n rows, however it is learned. Relative to one dsyrk, accumulate: rows added to G, Q and \
                moments, as in a recovery; bulk: a further row of a large batch, which is also scored.
                """,
            asJSON: asJSON)
        for dimension in dimensions {
            for classes in classes {
                for batch in batches { try measure(dimension, classes, batch, &figures) }
            }
        }
        figures.finish()
    }

    private func measure(_ dimension: Int, _ classes: Int, _ batch: Int, _ figures: inout Figures) throws {
        let stream = try BatchStream(dimension: dimension, classes: classes, rows: batch, seconds: seconds)
        var product = try SquareProduct(min(2048, max(512, dimension)))
        let times = try Timing.interleave(seconds: seconds, [{ try stream.learn() }, { product.run() }])
        let time = times[0].median / Double(stream.repetitions)
        let bulk = try bulkRates(stream)
        let (gflops, square) = (stream.operations / time / 1e9, product.operations / times[1].median / 1e9)
        figures.add([
            .integer(dimension), .integer(classes), .integer(batch), .number(Double(batch) / time, digits: 0), .number(gflops, digits: 1),
            .number(square, digits: 1), .number(gflops / square, digits: 2), bulk.map { .number($0.accumulate, digits: 2) } ?? .none,
            bulk?.learn.map { .number($0, digits: 2) } ?? .none,
            isAgainstPublished ? .number(try speedup(stream), digits: 1) : .none,
        ])
    }

    /// The rates of accumulated rows, and of a bulk request's additional rows, relative to one `dsyrk` of as many columns. Nil for batches
    /// that are not accumulated, and for a difference lost in the machine's noise.
    private func bulkRates(_ stream: BatchStream) throws -> (accumulate: Double, learn: Double?)? {
        guard stream.rows >= 1024, stream.rows >= stream.dimension / 2 else { return nil }
        let longer = try BatchStream(dimension: stream.dimension, classes: stream.classes, rows: 2 * stream.rows, seconds: seconds)
        let accumulated = try BatchStream(dimension: stream.dimension, classes: stream.classes, rows: stream.rows, seconds: seconds)
        var gram = try Matrix(rows: stream.dimension, columns: stream.dimension)
        let rows = try stream.columnMajor()
        let times = try Timing.interleave(
            seconds: seconds,
            [
                { try stream.learn() }, { try longer.learn() },
                { BLASLibrary.current.withLibraryThreads { gram.addLowerProduct(rows) } },
                { try accumulated.accumulate() },
            ])
        let further = times[1].median / Double(longer.repetitions) - times[0].median / Double(stream.repetitions)
        return (times[2].median / times[3].median, further > 0 ? times[2].median / further : nil)
    }

    /// Times the published recursion and ours alternately.
    ///
    /// - Returns: the ratio of the medians.
    private func speedup(_ stream: BatchStream) throws -> Double {
        var published = try PublishedRecursion(width: stream.dimension, classes: stream.classes, ridge: 0.1)
        let x = try stream.columnMajor()
        let times = try Timing.interleave(seconds: seconds, [{ try published.learn(x, stream.columns) }, { try stream.learn() }])
        return times[0].median / (times[1].median / Double(stream.repetitions))
    }
}
