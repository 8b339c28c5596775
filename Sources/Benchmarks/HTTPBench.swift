import CommandSupport
import Foundation
import LinearAlgebra

/// Learning and predicting over HTTP on the loopback interface, each alone and both together.
///
/// Single predictions arrive at a steady rate, as from many independent callers, or as fast as one caller or many get answers. Learning
/// runs at full speed.
struct HTTPBench {
    /// Callers that predict at full speed.
    private static let callers = 64

    private let dimension: Int
    /// The width of `random_relu`; nil for identity.
    private let width: Int?
    private let classes: Int
    private let batch: Int
    private let connections: Int
    private let rate: Int
    private let computeThreads: Int?
    private let seconds: Double
    private let asJSON: Bool

    init(_ arguments: ParsedArguments) throws {
        width = try arguments.integer("--map", in: 2...65536)
        dimension = try arguments.integer("--dimension", in: 2...65536) ?? (width == nil ? 2048 : 384)
        classes = try arguments.integer("--classes", in: 2...100_000) ?? 100
        batch = try arguments.integer("--batch", in: 1...4096) ?? 64
        connections = try arguments.integer("--connections", in: 1...256) ?? 2
        rate = try arguments.integer("--rate", in: 1...100_000) ?? 200
        computeThreads = try arguments.integer("--compute-threads", in: 1...256)
        seconds = try arguments.seconds("--seconds") ?? 5
        asJSON = arguments.has("--json")
    }

    func run() throws {
        let server = try ServedProcess(computeThreads: computeThreads)
        let model = BenchModel(client: server.client(), dimension: dimension, classes: classes)
        try model.create(width: width)
        let learning = Call(path: "/learn", bodies: (0..<4).map { model.body(rows: batch, from: $0 * batch, seed: UInt64($0) + 2) })
        let predicting = Call(path: "/predict", bodies: (0..<4).map { model.body(rows: 1, from: nil, seed: UInt64($0) + 10) })
        var figures = Figures(
            [
                .init(title: "load", key: "load", width: 30), .init(title: "requests/s", key: "requests_per_second", width: 9),
                .init(title: "rows/s", key: "rows_per_second", width: 8), .init(title: "p50 ms", key: "p50_milliseconds", width: 8),
                .init(title: "p90 ms", key: "p90_milliseconds", width: 8), .init(title: "p99 ms", key: "p99_milliseconds", width: 8),
                .init(title: "p99.9 ms", key: "p999_milliseconds", width: 8), .init(title: "p99 / idle", key: "p99_over_idle", width: 6),
            ],
            heading: """
                \(BLASLibrary.current.description); \(width.map { "d = \(dimension), D = \($0)" } ?? "D = \(dimension)"), \
                \(classes) classes, learning \(batch) rows per request from \(connections) connections, single predictions at \(rate)/s
                memory: one thread reads \(String(format: "%.1f", MemoryReading.bandwidth() / 1e9)) GB/s
                """, asJSON: asJSON)
        _ = try load(server, predicting, rate: rate, for: 0.5)
        let idle = try load(server, predicting, rate: rate, for: seconds)
        add("predict", idle, rows: 1, idle: idle, &figures)
        let flat = try load(server, predicting, rate: nil, for: seconds)
        add("predict, one after another", flat, rows: 1, idle: nil, &figures)
        let many = try load(server, predicting, count: Self.callers, rate: nil, for: seconds)
        add("predict, \(Self.callers) connections", many, rows: 1, idle: nil, &figures)
        let learn = try load(server, learning, count: connections, rate: nil, for: seconds)
        add("learn", learn, rows: batch, idle: nil, &figures)
        let background = try start(server, learning, count: connections, rate: nil)
        // Until learning runs at full speed.
        Thread.sleep(forTimeInterval: 0.3)
        let busy = try load(server, predicting, rate: rate, for: seconds)
        let learned = try background.finish()
        add("predict, while learning", busy, rows: 1, idle: idle, &figures)
        add("learn, while predicting", learned, rows: batch, idle: nil, &figures)
        figures.finish()
        server.stop()
    }

    private struct Call: Sendable {
        let path: String
        let bodies: [[UInt8]]
    }

    private func load(
        _ server: ServedProcess, _ call: Call, count: Int = 1, rate: Int?, for seconds: Double
    ) throws -> RequestLoad.Outcome {
        let load = try start(server, call, count: count, rate: rate)
        Thread.sleep(forTimeInterval: seconds)
        return try load.finish()
    }

    private func start(_ server: ServedProcess, _ call: Call, count: Int, rate: Int?) throws -> RequestLoad {
        try RequestLoad(
            port: server.port, path: BenchModel.path + call.path, bodies: call.bodies, connections: count,
            interval: rate.map { 1 / Double($0) })
    }

    private func add(_ name: String, _ outcome: RequestLoad.Outcome, rows: Int, idle: RequestLoad.Outcome?, _ figures: inout Figures) {
        let perSecond = Double(outcome.latencies.count) / outcome.seconds
        let quantiles = [0.5, 0.9, 0.99, 0.999].map { Figures.Value.number(outcome.latencies.quantile($0) * 1e3, digits: 3) }
        figures.add(
            [.text(name), .number(perSecond, digits: 0), .number(perSecond * Double(rows), digits: 0)] + quantiles
                + [idle.map { .number(outcome.latencies.quantile(0.99) / $0.latencies.quantile(0.99), digits: 2) } ?? .none])
    }
}
