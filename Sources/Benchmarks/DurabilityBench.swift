import AnalyticLearning
import CommandSupport
internal import Concurrency
import Foundation
import LinearAlgebra

/// The cost of keeping models on disk: learning with and without a log, predictions during checkpoints, and the speed of recovery.
struct DurabilityBench {
    private let dimension: Int
    private let inputs: Int
    private let classes: Int
    private let batch: Int
    private let connections: Int
    private let checkpointDimension: Int
    private let rows: Int
    private let requests: Int
    private let rate: Int
    private let computeThreads: Int?
    private let seconds: Double
    private let asJSON: Bool
    private let directory: String

    init(_ arguments: ParsedArguments) throws {
        dimension = try arguments.integer("--dimension", in: 2...65536) ?? 2048
        inputs = try arguments.integer("--inputs", in: 1...65536) ?? 384
        classes = try arguments.integer("--classes", in: 2...100_000) ?? 100
        batch = try arguments.integer("--batch", in: 1...4096) ?? 64
        connections = try arguments.integer("--connections", in: 1...256) ?? 64
        checkpointDimension = try arguments.integer("--checkpoint-dimension", in: 2...65536) ?? 4096
        rows = try arguments.integer("--rows", in: 1...100_000_000) ?? 200_000
        requests = try arguments.integer("--requests", in: 1...10_000_000) ?? 6000
        rate = try arguments.integer("--rate", in: 1...100_000) ?? 200
        computeThreads = try arguments.integer("--compute-threads", in: 1...256)
        seconds = try arguments.seconds("--seconds") ?? 5
        asJSON = arguments.has("--json")
        directory = (arguments.text("--data") ?? ".") + "/accrue-bench-\(UInt32.random(in: .min ... .max))"
    }

    func run() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var figures = Figures(
            [
                .init(title: "figure", key: "figure", width: 52), .init(title: "value", key: "value", width: 10),
                .init(title: "unit", key: "unit", width: 6), .init(title: "ratio", key: "ratio", width: 6),
            ],
            heading: """
                \(BLASLibrary.current.description); d = \(inputs), D = \(dimension), \(classes) classes, \(connections) connections of \
                \(batch) rows; checkpoints at D = \(checkpointDimension)
                """, asJSON: asJSON)
        try measureLearning(&figures)
        try measureCheckpoints(&figures)
        try measureRecovery(&figures)
        try measureSmallRequests(&figures)
        figures.finish()
    }

    // MARK: Learning

    private func measureLearning(_ figures: inout Figures) throws {
        let servers = [
            try ServedProcess(computeThreads: computeThreads),
            try ServedProcess(computeThreads: computeThreads, arguments: ["--data", directory + "/learn"]),
        ]
        let model = BenchModel(client: servers[0].client(), dimension: inputs, classes: classes)
        let bodies = (0..<4).map { model.body(rows: batch, from: $0 * batch, seed: UInt64($0) + 2) }
        for server in servers { try create(server, width: dimension) }
        var rates = [Timing(), Timing()]
        // Interleaved, so that a drift in the machine's speed affects both.
        for round in 0..<7 {
            for (index, server) in servers.enumerated() {
                let load = try RequestLoad(
                    port: server.port, path: BenchModel.path + "/learn", bodies: bodies, connections: connections, interval: nil)
                Thread.sleep(forTimeInterval: round == 0 ? 0.5 : seconds / 6)
                let outcome = try load.finish()
                if round > 0 { rates[index].add(Double(outcome.latencies.count * batch) / outcome.seconds) }
            }
        }
        figures.add([.text("learning, in memory only"), .number(rates[0].median, digits: 0), .text("rows/s"), .none])
        figures.add([
            .text("learning, logged"), .number(rates[1].median, digits: 0), .text("rows/s"),
            .number(rates[1].median / rates[0].median, digits: 2),
        ])
        for server in servers { server.kill() }
    }

    private func create(_ server: ServedProcess, width: Int) throws {
        let model = BenchModel(client: server.client(), dimension: inputs, classes: classes)
        let config = "{\"dimension\":\(inputs),\"feature_map\":{\"kind\":\"random_relu\",\"width\":\(width)}}"
        try model.send("PUT", "", Array(config.utf8), expecting: 201)
        try model.send("POST", "/learn", model.body(rows: classes, from: 0, seed: 1))
    }

    // MARK: Checkpoints

    /// Predictions at a steady rate, first alone and then during consecutive checkpoints.
    private func measureCheckpoints(_ figures: inout Figures) throws {
        let server = try ServedProcess(computeThreads: computeThreads, arguments: ["--data", directory + "/checkpoints"])
        try create(server, width: checkpointDimension)
        let model = BenchModel(client: server.client(), dimension: inputs, classes: classes)
        let bodies = (0..<4).map { model.body(rows: 1, from: nil, seed: UInt64($0) + 10) }
        func predict(for seconds: Double, meanwhile: () throws -> Void = {}) throws -> RequestLoad.Outcome {
            let load = try RequestLoad(
                port: server.port, path: BenchModel.path + "/predict", bodies: bodies, connections: 1, interval: 1 / Double(rate))
            let end = MonotonicClock.now + seconds
            try meanwhile()
            while MonotonicClock.now < end { usleep(1000) }
            return try load.finish()
        }
        _ = try predict(for: 0.5)
        let idle = try predict(for: seconds)
        var checkpoints = Timing()
        let row = model.body(rows: 1, from: 0, seed: 30)
        let busy = try predict(for: seconds) {
            let end = MonotonicClock.now + seconds
            while MonotonicClock.now < end {
                // Unlearning one row costs little but the checkpoint that erases it from the log.
                try model.send("POST", "/learn", row)
                try checkpoints.measure { _ = try model.send("POST", "/unlearn", row) }
            }
        }
        figures.add([.text("a checkpoint with an unlearned row, median"), .number(checkpoints.median * 1e3, digits: 1), .text("ms"), .none])
        let p99 = [idle, busy].map { $0.latencies.quantile(0.99) }
        figures.add([.text("prediction, p99, idle"), .number(p99[0] * 1e3, digits: 3), .text("ms"), .none])
        figures.add([
            .text("prediction, p99, one checkpoint after another"), .number(p99[1] * 1e3, digits: 3), .text("ms"),
            .number(p99[1] / p99[0], digits: 2),
        ])
        server.kill()
    }

    // MARK: Recovery

    /// Logs rows, kills the server, and times its next start until it is ready.
    private func measureRecovery(_ figures: inout Figures) throws {
        let arguments = ["--data", directory + "/recovery", "--checkpoint-log", "1T", "--checkpoint-age", "1000000"]
        var server = try ServedProcess(computeThreads: computeThreads, arguments: arguments)
        try create(server, width: dimension)
        let model = BenchModel(client: server.client(), dimension: inputs, classes: classes)
        let requestRows = min(rows, 4096)
        let bodies = (0..<4).map { model.body(rows: requestRows, from: $0, seed: UInt64($0) + 20) }
        for request in 0..<(rows / requestRows) { try model.send("POST", "/learn", bodies[request % bodies.count]) }
        let logged = rows / requestRows * requestRows
        server.kill()
        let bulk = try bulkRate()
        let (recovering, seconds) = try startTimed(arguments)
        server = recovering
        let recovered = Double(logged) / seconds
        figures.add([.text("learning in bulk, in this process"), .number(bulk, digits: 0), .text("rows/s"), .none])
        figures.add([
            .text("recovery of \(logged) logged rows, start included"), .number(recovered, digits: 0), .text("rows/s"),
            .number(recovered / bulk, digits: 2),
        ])
        server.kill()
    }

    /// Starts a server, and times it until it is ready.
    private func startTimed(_ arguments: [String]) throws -> (ServedProcess, seconds: Double) {
        let start = MonotonicClock.now
        let server = try ServedProcess(computeThreads: computeThreads, arguments: arguments)
        while try server.client().send("GET", "/readyz", body: []).status != 200 { usleep(10_000) }
        return (server, MonotonicClock.now - start)
    }

    // MARK: Many small requests

    /// Logs requests of one row each, then as many again; each time kills the server, which then recovers everything.
    private func measureSmallRequests(_ figures: inout Figures) throws {
        let arguments = ["--data", directory + "/small", "--checkpoint-log", "1T", "--checkpoint-age", "1000000"]
        var server = try ServedProcess(computeThreads: computeThreads, arguments: arguments)
        try BenchModel(client: server.client(), dimension: inputs, classes: classes).create()
        var recoveries: [Double] = []
        for half in 1...2 {
            let model = BenchModel(client: server.client(), dimension: inputs, classes: classes)
            let bodies = (0..<16).map { model.body(rows: 1, from: $0, seed: UInt64($0) + 30) }
            let start = MonotonicClock.now
            for request in 0..<requests { try model.send("POST", "/learn", bodies[request % bodies.count]) }
            let sent = MonotonicClock.now - start
            server.kill()
            let (recovering, seconds) = try startTimed(arguments)
            server = recovering
            recoveries.append(seconds)
            guard half == 1 else { continue }
            figures.add([.text("\(requests) single rows, D = \(inputs), sent and logged"), .number(sent, digits: 3), .text("s"), .none])
            figures.add([
                .text("recovery of \(requests) single rows, start included"), .number(seconds, digits: 3), .text("s"),
                .number(seconds / sent, digits: 2),
            ])
        }
        figures.add([
            .text("recovery of \(2 * requests) single rows, start included"), .number(recoveries[1], digits: 3), .text("s"),
            .number(recoveries[1] / recoveries[0], digits: 2),
        ])
        server.kill()
    }

    /// Rows per second of one large request, as the engine learns it.
    private func bulkRate() throws -> Double {
        // With as many threads as a recovering server uses.
        let library = BLASLibrary.current
        library.setThreadCount(computeThreads ?? library.threadCount)
        var generator = SeededGenerator(seed: 3)
        var configuration = ModelConfiguration(dimension: inputs)
        configuration.featureMap = .randomRelu(width: dimension, seed: 0)
        let classifier = try Classifier(configuration)
        let count = min(rows, 8 * dimension)
        let features = (0..<(count * inputs)).map { _ in Double(Float.random(in: -1...1, using: &generator)) }
        let labels = (0..<count).map { "\($0 % classes)" }
        try classifier.learn(features: features, labels: labels)
        var timing = Timing()
        for _ in 0..<3 { try timing.measure { _ = try classifier.learn(features: features, labels: labels) } }
        return Double(count) / timing.median
    }
}
