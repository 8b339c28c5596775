import CommandSupport
internal import Concurrency
import Foundation
import TensorFormats

/// A server's peak memory with one model, relative to the D²·8 bytes of one square matrix.
struct MemoryBench {
    private let dimension: Int
    private let classes: Int
    private let batch: Int
    private let computeThreads: Int?
    private let asJSON: Bool

    init(_ arguments: ParsedArguments) throws {
        dimension = try arguments.integer("--dimension", in: 2...65536) ?? 8192
        classes = try arguments.integer("--classes", in: 2...100_000) ?? 100
        batch = try arguments.integer("--batch", in: 1...4096) ?? 64
        computeThreads = try arguments.integer("--compute-threads", in: 1...256)
        asJSON = arguments.has("--json")
    }

    func run() throws {
        let server = try ServedProcess(computeThreads: computeThreads)
        let model = BenchModel(client: server.client(), dimension: dimension, classes: classes)
        var figures = Figures(
            [
                .init(title: "after", key: "after", width: 28), .init(title: "peak MiB", key: "peak_mebibytes", width: 9),
                .init(title: "of D²·8", key: "ratio", width: 7),
            ],
            heading: "peak resident memory of a server with one model, D = \(dimension), \(classes) classes, identity map", asJSON: asJSON)
        let square = Double(dimension) * Double(dimension) * 8
        func note(_ stage: String) throws {
            let peak = Double(try server.peakMemory())
            figures.add([.text(stage), .number(peak / 0x1p20, digits: 1), .number(peak / square, digits: 2)])
        }
        try note("start")
        try model.create()
        for round in 0..<4 { try model.send("POST", "/learn", model.body(rows: batch, from: round * batch, seed: UInt64(round) + 2)) }
        for row in 0..<8 { try model.send("POST", "/learn", model.body(rows: 1, from: row, seed: UInt64(row) + 9)) }
        try note("learn")
        try model.send("POST", "/predict", model.body(rows: 1, from: nil, seed: 20))
        try model.send("POST", "/predict", model.body(rows: batch, from: nil, seed: 21))
        try note("learn, predict")
        try model.send("GET", "/snapshot")
        try note("learn, predict, snapshot")
        try server.forgetPeakMemory()
        // Classes of different sizes, so that there is something to balance; then the automatic refresh, and one on request.
        try model.send("POST", "/learn", model.body(rows: 1, from: 0, seed: 22))
        try model.send("PATCH", "", Array("{\"imbalance\":{\"kind\":\"pseudo_features\"}}".utf8))
        let deadline = MonotonicClock.now + 600
        while try !isBalanced(model) {
            guard MonotonicClock.now < deadline else { throw BenchError("the balanced weights were not refreshed within ten minutes") }
            usleep(20_000)
        }
        try model.send("POST", "/rebalance")
        try note("rebalance")
        figures.finish()
        server.stop()
    }

    private func isBalanced(_ model: BenchModel) throws -> Bool {
        let answer = try model.send("POST", "/predict", model.body(rows: 1, from: nil, seed: 20))
        return try JSONValue(parsing: answer.text).object?["balanced_version"] != nil
    }
}
