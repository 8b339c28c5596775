import AnalyticLearning
import ClassifierService
import CommandSupport
import Foundation
import HTTPServer
import ModelHost

/// `accrue demo`: runs the real server on a free port, drives it over real HTTP with real data, and compares it with one joint ridge
/// regression.
enum DemoCommand: Command {
    static let name = "demo"
    static let computes = true
    static let summary = "Show the service at work on embedded real data"
    static let usage = "[--keep]"
    static let options = [
        Option("--keep", nil, "keep the server running afterwards, streaming into two models that the dashboard shows"),
        Option("--port", "N", "listen on this port (a free one)"),
    ]

    private static let width = 512
    private static let ridge = 0.1
    private static let tolerance = 1e-9

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static func run(_ arguments: ParsedArguments) throws {
        guard arguments.words.isEmpty else { throw UsageError("unexpected argument \"\(arguments.words[0])\": demo takes only options") }
        let signals = StopSignals()
        var configuration = ServiceConfiguration()
        configuration.server.port = UInt16(try arguments.integer("--port", in: 0...65535) ?? 0)
        let service = try Service(configuration, log: Log(isSilent: true))
        let address = try service.start()
        let client = HTTPClient(host: "127.0.0.1", port: address.port)
        let digits = Digits(seed: 2026)
        print(
            """
            UCI handwritten digits: \(digits.training.count) rows to learn, \(digits.test.count) to test, \(Digits.dimension) values each
            server http://\(address), random_relu \(Digits.dimension) -> \(width), ridge \(ridge)

            """)
        let table = Table([
            ("stream", 17), ("phase", 5), ("classes", 7), ("samples", 7), ("test accuracy", 8), ("difference from joint ridge", 8),
        ])
        table.printHeader()
        var worst = try run(
            DemoModel(name: "digits-incremental", client: client), "class-incremental", Self.incrementalPhases(digits), digits, table)
        let mixed = DemoModel(name: "digits", client: client)
        worst = max(worst, try run(mixed, "mixed batches", Self.mixedPhases(digits), digits, table))
        try LongTail(client: client, digits: digits).run(width: width, ridge: ridge)
        try LateDigit(client: client, digits: digits).run(width: width, ridge: ridge)
        let differing = try restoreAndCompare(mixed, DemoModel(name: "digits-restored", client: client), digits)
        print("\nlargest difference from the joint solution: \(format(worst)) (at most \(format(tolerance)) is allowed)")
        print("restored from a snapshot: \(differing) of \(digits.test.count) predictions differ")
        guard worst <= tolerance, differing == 0 else { throw Failure(description: "the service is not exact on this machine") }
        if arguments.has("--keep") {
            let stream = LiveStream(port: address.port, digits: digits)
            try stream.start(width: width, ridge: ridge)
            printCalls(address, digits.test[0])
            // A reader of a pipe waits for these lines.
            fflush(nil)
            _ = signals.wait()
            signals.exitAtTheNext()
            stream.stop()
        }
        service.stop(within: 5)
    }

    // MARK: Streams

    /// Five phases of two classes, in batches of 64.
    private static func incrementalPhases(_ digits: Digits) -> [[ArraySlice<Digits.Sample>]] {
        (0..<5).map { phase in
            batches(of: digits.training.filter { $0.label / 2 == phase }) { 64 }
        }
    }

    /// All classes mixed, in batches of 1 to 96 rows, examined five times.
    private static func mixedPhases(_ digits: Digits) -> [[ArraySlice<Digits.Sample>]] {
        var generator = SeededGenerator(seed: 7)
        let part = (digits.training.count + 4) / 5
        return (0..<5).map { phase in
            batches(of: Array(digits.training.dropFirst(phase * part).prefix(part))) { Int.random(in: 1...96, using: &generator) }
        }
    }

    private static func batches(of samples: [Digits.Sample], size: () -> Int) -> [ArraySlice<Digits.Sample>] {
        var batches: [ArraySlice<Digits.Sample>] = []
        var rest = samples[...]
        while !rest.isEmpty {
            batches.append(rest.prefix(size()))
            rest = rest.dropFirst(batches.last!.count)
        }
        return batches
    }

    /// Learns the phases and prints a row after each.
    ///
    /// - Returns: the largest relative difference from the joint solution.
    private static func run(
        _ model: DemoModel, _ title: String, _ phases: [[ArraySlice<Digits.Sample>]], _ digits: Digits, _ table: Table
    ) throws -> Double {
        try model.create(width: width, ridge: ridge)
        var seen: [Digits.Sample] = []
        var worst = 0.0
        for (phase, batches) in phases.enumerated() {
            for batch in batches {
                try model.learn(batch)
                seen += batch
            }
            let snapshot = try model.snapshot()
            let columns = Dictionary(uniqueKeysWithValues: snapshot.labels.enumerated().map { ($0.element, $0.offset) })
            let joint = try JointSolution(
                seen, columns: try seen.map { try column($0, columns) }, classes: snapshot.labels.count, projection: snapshot.projection,
                ridge: ridge)
            let difference = joint.relativeDifference(from: snapshot.weights)
            worst = max(worst, difference)
            let test = digits.test.filter { columns[$0.name] != nil }
            let correct = try zip(test, model.predict(test)).filter { $0.name == $1.label }.count
            table.printRow([
                title, "\(phase + 1)", "\(snapshot.labels.count)", "\(seen.count)",
                String(format: "%.4f", Double(correct) / Double(test.count)), format(difference),
            ])
        }
        return worst
    }

    private static func column(_ sample: Digits.Sample, _ columns: [Label: Int]) throws -> Int {
        guard let column = columns[sample.name] else { throw Failure(description: "the snapshot lacks label \(sample.label)") }
        return column
    }

    /// - Returns: how many predictions of the restored model differ, in the label or in any digit of the score.
    private static func restoreAndCompare(_ model: DemoModel, _ other: DemoModel, _ digits: Digits) throws -> Int {
        try other.restore(try model.snapshot())
        return zip(try model.predict(digits.test), try other.predict(digits.test)).filter { $0 != $1 }.count
    }

    // MARK: Words

    private static func format(_ value: Double) -> String { String(format: "%.1e", value) }

    private static func printCalls(_ address: SocketAddress, _ sample: Digits.Sample) {
        let features = sample.features.map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" }.joined(separator: ",")
        print(
            """

            The server runs until Ctrl-C and keeps streaming digits into two models. Watch them:

              http://\(address)/#/models/\(LiveStream.digitsModel)
              http://\(address)/#/models/\(LiveStream.longTailModel)

            Or try:

              curl http://\(address)/v1/models
              curl http://\(address)/v1/models/digits
              curl http://\(address)/v1/models/digits/predict --json '{"top":3,"features":[[\(features)]]}'
              curl http://\(address)/v1/models/digits/learn --json '{"labels":["my own"],"features":[[\(features)]]}'
              curl -o digits.safetensors http://\(address)/v1/models/digits/snapshot
              curl -T digits.safetensors http://\(address)/v1/models/copy/snapshot

            The image shows a \(sample.label).
            """)
    }
}
