import CommandSupport
internal import Concurrency
import Foundation
import TensorFormats

/// What models of some widths take at rest: as the server says, and as its resident memory grows by a model.
struct RestingMemoryBench {
    private let widths: [Int]
    /// The length of the vectors that `random_relu` maps; nil for the identity map.
    private let inputs: Int?
    private let classes: Int
    private let batch: Int
    private let rows: Int
    private let computeThreads: Int?
    private let asJSON: Bool

    /// Models that are measured; one more comes first and takes what the process takes anyway.
    private static let models = 3

    init(_ arguments: ParsedArguments) throws {
        widths = try arguments.integers("--dimension", in: 2...65536) ?? [384, 1024, 2048]
        inputs = try arguments.integer("--inputs", in: 2...65536)
        classes = try arguments.integer("--classes", in: 2...100_000) ?? 40
        batch = try arguments.integer("--batch", in: 1...4096) ?? 64
        rows = try arguments.integer("--rows", in: 1...1_000_000) ?? 2000
        computeThreads = try arguments.integer("--compute-threads", in: 1...256)
        asJSON = arguments.has("--json")
    }

    func run() throws {
        let map = inputs.map { "random_relu from \($0) inputs" } ?? "identity map"
        var figures = Figures(
            [
                .init(title: "D", key: "dimension", width: 6), .init(title: "learning MiB", key: "learning_mebibytes", width: 12),
                .init(title: "at rest MiB", key: "resting_mebibytes", width: 11),
                .init(title: "of D²·8", key: "ratio", width: 7), .init(title: "resident MiB", key: "resident_mebibytes", width: 12),
                .init(title: "of at rest", key: "resident_ratio", width: 10),
            ],
            heading: "memory of a model that learned \(rows) rows, \(batch) a request, \(classes) classes, \(map): "
                + "`memory_bytes`, and resident", asJSON: asJSON)
        for width in widths {
            let taken = try measure(width)
            let square = Double(width) * Double(width) * 8
            figures.add([
                .integer(width), .number(taken.learning / 0x1p20, digits: 1), .number(taken.resting / 0x1p20, digits: 1),
                .number(taken.resting / square, digits: 2), .number(taken.resident / 0x1p20, digits: 1),
                .number(taken.resident / taken.resting, digits: 2),
            ])
        }
        figures.finish()
    }

    private func measure(_ width: Int) throws -> (learning: Double, resting: Double, resident: Double) {
        let server = try ServedProcess(computeThreads: computeThreads)
        defer { server.stop() }
        let client = server.client()
        var (learning, resting) = (0, 0)
        func learn(_ name: String) throws {
            let model = BenchModel(client: client, dimension: inputs ?? width, classes: classes, name: name)
            try model.create(width: inputs == nil ? nil : width)
            for first in stride(from: 0, to: rows, by: batch) {
                let count = min(batch, rows - first)
                try model.send("POST", "/learn", model.body(rows: count, from: first, seed: UInt64(first) + 2))
            }
            learning = try memory(model)
            resting = learning
            let deadline = MonotonicClock.now + 60
            while resting == learning {
                guard MonotonicClock.now < deadline else { throw BenchError("the model did not come to rest within a minute") }
                usleep(100_000)
                resting = try memory(model)
            }
        }
        try learn("first")
        let before = try server.memory(of: "RssAnon")
        for index in 0..<Self.models { try learn("model-\(index)") }
        let grown = Double(try server.memory(of: "RssAnon") - before)
        return (Double(learning), Double(resting), grown / Double(Self.models))
    }

    private func memory(_ model: BenchModel) throws -> Int {
        let answer = try model.send("GET", "")
        guard let bytes = try JSONValue(parsing: answer.text).object?["memory_bytes"]?.int else {
            throw BenchError("the server does not tell a model's memory")
        }
        return bytes
    }
}
