import CommandSupport
internal import Concurrency
import Foundation
import LinearAlgebra
import TensorFormats

/// Rows per second that `accrue learn` loads into a served model with a log, beside the arithmetic that they cannot do without.
///
/// Each load has a new server with a new data directory. The machine's rates are measured before and after each load, in this process, on
/// as many threads as the server computes with.
struct LoadBench {
    private let dimension: Int
    private let inputs: Int
    private let classes: Int
    private let rows: Int
    private let computeThreads: Int
    private let asJSON: Bool
    private let directory: String
    private static let rounds = 3

    init(_ arguments: ParsedArguments) throws {
        dimension = try arguments.integer("--dimension", in: 2...65536) ?? 2048
        inputs = try arguments.integer("--inputs", in: 1...65536) ?? 384
        classes = try arguments.integer("--classes", in: 2...100_000) ?? 40
        rows = try arguments.integer("--rows", in: 1...10_000_000) ?? 60_000
        // As in serve.
        computeThreads =
            try arguments.integer("--compute-threads", in: 1...256) ?? max(1, ProcessInfo.processInfo.activeProcessorCount - 1)
        asJSON = arguments.has("--json")
        directory = (arguments.text("--data") ?? ".") + "/accrue-bench-\(UInt32.random(in: .min ... .max))"
    }

    /// A way of loading.
    private struct Way {
        let name: String
        let isNpz: Bool
        let options: [String]
        var rates = Timing()
    }

    func run() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        BLASLibrary.current.setThreadCount(computeThreads)
        var figures = Figures(
            [
                .init(title: "figure", key: "figure", width: 44), .init(title: "value", key: "value", width: 8),
                .init(title: "unit", key: "unit", width: 6), .init(title: "/ dsyrk", key: "over_dsyrk", width: 7),
                .init(title: "/ dsyrk and map", key: "over_dsyrk_and_map", width: 8),
            ],
            heading: """
                \(BLASLibrary.current.description), \(computeThreads) threads; \(rows) rows, d = \(inputs), D = \(dimension), \
                \(classes) classes; medians of \(Self.rounds)
                dsyrk: the rows' sums G alone, D²n operations; map: the dgemm of random_relu, 2dDn operations.
                """, asJSON: asJSON)
        let files = try LoadFiles(in: directory, rows: rows, dimension: inputs, classes: classes)
        var ways = [
            Way(name: "accrue learn --load, npz", isNpz: true, options: ["--load"]),
            Way(name: "accrue learn --load, NDJSON", isNpz: false, options: ["--load"]),
            Way(name: "accrue learn, npz", isNpz: true, options: []),
        ]
        var arithmetic = try LoadArithmetic(width: dimension, inputs: inputs)
        for _ in 0..<Self.rounds {
            for index in ways.indices {
                arithmetic.measure()
                ways[index].rates.add(try load(ways[index], files))
            }
        }
        arithmetic.measure()
        let (syrk, both) = (arithmetic.syrkRows, arithmetic.rows)
        for way in ways {
            let rate = way.rates.median
            figures.add([
                .text(way.name), .number(rate, digits: 0), .text("rows/s"), .number(rate / syrk, digits: 2),
                .number(rate / both, digits: 2),
            ])
        }
        figures.add([.text("dsyrk"), .number(syrk, digits: 0), .text("rows/s"), .number(1, digits: 2), .none])
        figures.add([
            .text("dsyrk and map"), .number(both, digits: 0), .text("rows/s"), .number(both / syrk, digits: 2), .number(1, digits: 2),
        ])
        figures.add([.text("memory, read and written by a copy"), .number(arithmetic.bandwidth, digits: 1), .text("GB/s"), .none, .none])
        figures.finish()
    }

    /// Loads a file into a new model by the command.
    ///
    /// - Returns: rows per second, from the first byte of the file until predictions use all rows.
    private func load(_ way: Way, _ files: LoadFiles) throws -> Double {
        let data = directory + "/data"
        let server = try ServedProcess(computeThreads: computeThreads, arguments: ["--data", data])
        defer {
            server.kill()
            try? FileManager.default.removeItem(atPath: data)
        }
        let command = Process()
        command.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let path = way.isNpz ? files.npz : files.ndjson
        command.arguments =
            ["learn", "bench", path, "--dimension", "\(inputs)", "--width", "\(dimension)"] + way.options
            + ["--quiet", "--json", "--url", "http://127.0.0.1:\(server.port)"]
        let output = Pipe()
        command.standardOutput = output
        try command.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        command.waitUntilExit()
        guard command.terminationStatus == 0 else { throw BenchError("accrue learn ended with status \(command.terminationStatus)") }
        let summary = try text.withUnsafeBytes { try JSONValue(parsing: $0) }.object
        guard let rate = summary?["rows_per_second"]?.double, summary?["samples"]?.int == rows else {
            throw BenchError("accrue learn did not learn \(rows) rows: \(String(decoding: text, as: UTF8.self))")
        }
        return rate
    }
}

/// What every row costs however it is learned, at the machine's best rates.
private struct LoadArithmetic: ~Copyable {
    /// Rows at once: enough for the full rate.
    private static let rows = 1024
    private let x: Matrix
    private let projection: Matrix
    private var h: Matrix
    private var gram: Matrix
    private let source: [UInt8]
    private var target: [UInt8]
    private var timings = (syrk: Timing(), map: Timing(), copy: Timing())

    init(width: Int, inputs: Int) throws {
        var generator = SeededGenerator(seed: 6)
        func random(_ rows: Int, _ columns: Int) throws -> Matrix {
            var matrix = try Matrix(rows: rows, columns: columns)
            matrix.withMutableElements { elements in
                for index in elements.indices { elements[index] = Double.random(in: -1...1, using: &generator) }
            }
            return matrix
        }
        let x = try random(inputs, Self.rows)
        let projection = try random(width, inputs)
        let h = try random(width, Self.rows)
        let gram = try Matrix(rows: width, columns: width)
        self.x = x
        self.projection = projection
        self.h = h
        self.gram = gram
        source = [UInt8](repeating: 1, count: 64 << 20)
        target = [UInt8](repeating: 2, count: 64 << 20)
    }

    /// Runs each part three times.
    mutating func measure() {
        for _ in 0..<3 {
            timings.map.measure { BLASLibrary.current.withLibraryThreads { h.multiply(projection, by: x) } }
            timings.syrk.measure { BLASLibrary.current.withLibraryThreads { gram.addLowerProduct(h) } }
            timings.copy.measure { target.withUnsafeMutableBytes { target in source.withUnsafeBytes { target.copyMemory(from: $0) } } }
        }
    }

    /// Rows per second of `dsyrk`.
    var syrkRows: Double { Double(Self.rows) / timings.syrk.median }
    /// Rows per second of `dsyrk` and the map's `dgemm`.
    var rows: Double { Double(Self.rows) / (timings.syrk.median + timings.map.median) }
    /// 10⁹ bytes per second, read and written.
    var bandwidth: Double { 2 * Double(source.count) / timings.copy.median / 1e9 }
}
