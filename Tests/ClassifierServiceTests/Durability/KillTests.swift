import Concurrency
import Foundation
import TensorFormats
import Testing

@testable import ClassifierService

/// A server is killed repeatedly while eight clients teach it.
@Suite struct KillTests {
    private static let writers = 8
    private static let dimension = 6

    /// One request, which its client sends until it is answered.
    private struct Batch: Sendable {
        var key: String
        var features: [[Double]]
        var labels: [String]
        var body: [UInt8] { Bodies.learn(features, labels) }
    }

    /// What a client knows.
    private struct Writer: Sendable {
        var generator: SeededGenerator
        var acknowledged: [Batch] = []
        /// Sent, and not answered before the server was killed.
        var open: Batch?
        var count = 0
    }

    /// `ACCRUE_KILLS` sets how often; 30 by default.
    private var kills: Int { ProcessInfo.processInfo.environment["ACCRUE_KILLS"].flatMap(Int.init) ?? 30 }

    @Test func kills_loseNothingAndApplyNothingTwice() throws {
        let models = KeptModels()
        let writers = (0..<Self.writers).map { Guarded(Writer(generator: SeededGenerator(seed: UInt64($0) + 1))) }
        var generator = SeededGenerator(seed: 99)
        var unanswered = 0
        var applied = 0
        for round in 0...kills {
            // Small logs, so that kills interrupt checkpoints too.
            let server = try ServerProcess(data: models.path, ["--checkpoint-log", "\(Int.random(in: 1...64, using: &generator))K"])
            let client = TestClient(port: server.port)
            if round == 0 {
                #expect(try client.send("PUT", "/v1/models/m", "{\"dimension\":\(Self.dimension),\"ridge\":0.5}").status == 201)
            } else {
                let (open, kept) = try check(client, writers, round)
                unanswered += open
                applied += kept
            }
            guard round < kills else {
                server.kill()
                break
            }
            let delay = UInt32.random(in: 2_000...120_000, using: &generator)
            let killer = Thread {
                usleep(delay)
                server.executable.send(SIGKILL)
            }
            killer.start()
            try onThreads(Self.writers) { index in Self.write(to: server.port, writers[index], index) }
            _ = server.executable.wait()
        }
        let rows = writers.reduce(0) { $0 + $1.withLock { $0.acknowledged.reduce(0) { $0 + $1.labels.count } } }
        #expect(rows > 0)
        // Kills must come in the middle of requests, or the test shows nothing.
        #expect(unanswered > kills / 2, "\(unanswered) requests were open at a kill, \(applied) of them had been applied; \(rows) rows")
    }

    /// Sends batches until the server is gone.
    private static func write(to port: UInt16, _ writer: Guarded<Writer>, _ index: Int) {
        let client = TestClient(port: port)
        while true {
            let batch = writer.withLock { writer -> Batch in
                writer.count += 1
                let rows = Int.random(in: 1...12, using: &writer.generator)
                let features = (0..<rows).map { _ in (0..<dimension).map { _ in writer.generator.normal() } }
                let labels = (0..<rows).map { _ in "\(index)-\(Int.random(in: 0..<2, using: &writer.generator))" }
                let batch = Batch(key: "\(index)/\(writer.count)", features: features, labels: labels)
                writer.open = batch
                return batch
            }
            guard let reply = try? client.send("POST", "/v1/models/m/learn", batch.body, key: batch.key), reply.status == 200 else {
                return
            }
            writer.withLock { writer in
                writer.open = nil
                writer.acknowledged.append(batch)
            }
        }
    }

    /// Compares the recovered state with what the clients know, resends open requests, and compares again.
    ///
    /// - Returns: how many requests were open, and how many of those had been applied.
    private func check(_ client: TestClient, _ writers: [Guarded<Writer>], _ round: Int) throws -> (open: Int, applied: Int) {
        let snapshot = try EditedSnapshot(try client.send("GET", "/v1/models/m/snapshot").body)
        let counts = Dictionary(
            uniqueKeysWithValues: zip(snapshot.labels, snapshot.elements("class.count", as: Int64.self).map { Int($0) }))
        var joint = JointSolution(ridge: 0.5)
        var all = JointSolution(ridge: 0.5)
        var (open, applied) = (0, 0)
        for (index, writer) in writers.enumerated() {
            let writer = writer.withLock { $0 }
            for batch in writer.acknowledged {
                joint.learn(batch.features, batch.labels)
                all.learn(batch.features, batch.labels)
            }
            // Each client has its own labels: their counts show which of its rows are there.
            let known = writer.acknowledged.reduce(0) { $0 + $1.labels.count }
            let found = (0..<2).reduce(0) { $0 + (counts["\(index)-\($1)"] ?? 0) }
            guard let batch = writer.open else {
                #expect(found == known, "kill \(round), client \(index)")
                continue
            }
            open += 1
            all.learn(batch.features, batch.labels)
            #expect(found == known || found == known + batch.labels.count, "kill \(round), client \(index): whole requests only")
            if found > known {
                applied += 1
                joint.learn(batch.features, batch.labels)
            }
        }
        try compare(snapshot, joint, "kill \(round), recovered")
        for writer in writers {
            guard let batch = writer.withLock({ $0.open }) else { continue }
            // Twice: the second time nothing is left to do.
            for _ in 0..<2 {
                let reply = try client.send("POST", "/v1/models/m/learn", batch.body, key: batch.key)
                #expect(reply.status == 200 && reply["rows"].int == batch.labels.count, "kill \(round): \(reply.text)")
            }
            writer.withLock { writer in
                writer.open = nil
                writer.acknowledged.append(batch)
            }
        }
        try compare(try EditedSnapshot(try client.send("GET", "/v1/models/m/snapshot").body), all, "kill \(round), after the retries")
        return (open, applied)
    }

    private func compare(_ snapshot: EditedSnapshot, _ joint: JointSolution, _ comment: String) throws {
        #expect(snapshot.metadataValue("samples") == "\(joint.samples)", "\(comment)")
        guard joint.samples > 0 else { return }
        #expect(joint.relativeDifference(from: snapshot.elements("weight"), labels: snapshot.labels) < 1e-9, "\(comment)")
    }
}
