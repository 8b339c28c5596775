import AnalyticLearning
import Concurrency
import TensorFormats
import Testing

@testable import ModelHost

/// Loads: rows that predictions may use later.
@Suite struct LoadTests {
    private static let dimension = 6
    private static let rows = 300

    private func rows(_ count: Int = rows, first: Int = 0, key: String? = nil) -> LearnRows {
        let features = (0..<(count * Self.dimension)).map { Double(($0 + first) % 17) / 7 }
        let labels = PackedStrings((0..<count).map { "\($0 % 3)" })
        let identity = key.map {
            RequestIdentity(key: IdempotencyKey($0)!, block: 0, hash: RequestIdentity.hash(features, labels, seed: 1))
        }
        return LearnRows(features: features, labels: labels, dimension: Self.dimension, identity: identity)
    }

    private func host(_ directory: TestDirectory) async throws -> (LearningHost, Model) {
        let host = try directory.open()
        try await host.createModel("m", ModelConfiguration(dimension: Self.dimension))
        return (host, try host.registry.model(named: "m"))
    }

    /// What is published at a moment.
    private struct Seen: Sendable {
        var answer: LearnAnswer
        var samples: Int
        var unseen: Int
    }

    /// Learns rows for later.
    ///
    /// - Parameter meanwhile: called on the worker before anything follows the answer.
    private func load(_ rows: LearnRows, _ model: Model, meanwhile: @escaping @Sendable () -> Void = {}) async throws -> Seen {
        try await withCheckedThrowingContinuation { continuation in
            let completion = Completion<LearnAnswer> { result in
                // The worker has not gone on.
                let (samples, unseen) = (model.published?.samples ?? -1, model.activity.withLock { $0.unseenRows })
                meanwhile()
                continuation.resume(with: result.map { Seen(answer: $0, samples: samples, unseen: unseen) })
            }
            do { try model.enqueue(.learn(LearnJob(rows, isForLater: true, completion))) } catch { continuation.resume(throwing: error) }
        }
    }

    private func waitUntilSeen(_ model: Model) async throws {
        while model.activity.withLock({ $0.unseenRows }) > 0 || model.published?.samples == 0 {
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    @Test func rowsAreLearnedAtTheAnswerAndSeenSoonAfter() async throws {
        let directory = TestDirectory()
        let (host, model) = try await host(directory)
        let seen = try await load(rows(), model)
        #expect(seen.answer.samples == Self.rows && seen.answer.version == 1 && seen.answer.rows == Self.rows)
        #expect(seen.samples == 0 && seen.unseen == Self.rows)
        // Nothing else comes: the queue is empty.
        try await waitUntilSeen(model)
        #expect(model.published?.samples == Self.rows && model.published?.version == 1)
        host.stop(within: 10)
    }

    @Test func rowsThatWereAcknowledgedSurviveACrash() async throws {
        let directory = TestDirectory()
        let (host, model) = try await host(directory)
        let copy = Guarded<TestDirectory?>(nil)
        _ = try await load(rows(), model) { copy.withLock { $0 = try? directory.copy() } }
        let crashed = try #require(copy.withLock { $0 })
        let again = try crashed.open()
        let state = try again.state(of: "m")
        #expect(state.samples == Self.rows && state.version == 1)
        #expect(again.stop(within: 10))
        host.stop(within: 10)
    }

    @Test func everyOtherCallFindsThem() async throws {
        let directory = TestDirectory()
        let (host, model) = try await host(directory)
        func expectAll(_ rows: Int, sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(model.published?.samples == rows && model.activity.withLock { $0.unseenRows } == 0, sourceLocation: sourceLocation)
        }
        let features = (0..<Self.dimension).map { Double($0) }
        // The first load of each step is unseen at its answer, and the call comes while its worker waits.
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await host.learn("m", features: features, labels: ["0"]) },
            { try await host.unlearn("m", features: features, labels: ["0"]) },
        ]
        var samples = 0
        for (call, change) in zip(calls, [1, -1]) {
            let seen = try await load(rows(), model)
            #expect(seen.samples == samples)
            try await call()
            samples += Self.rows + change
            expectAll(samples)
        }
        for make in [
            { (done: @escaping @Sendable () -> Void) in Job.describe(Completion { _ in done() }, isNew: false) },
            { done in .measure(LeverageJob(features: features, dimension: Self.dimension, Completion { _ in done() })) },
            { done in .snapshotSize(.all, Completion { _ in done() }) },
            { done in .renameClass("0", to: "zero", Completion { _ in done() }) },
            { done in .deleteClass("2", Completion { _ in done() }) },
            { done in .reconfigure(ModelPatch(ridge: 2), Completion { _ in done() }) },
        ] as [@Sendable (@escaping @Sendable () -> Void) -> Job] {
            _ = try await load(rows(), model)
            await withCheckedContinuation { continuation in
                do { try model.enqueue(make { continuation.resume() }) } catch { continuation.resume() }
            }
            samples += Self.rows
            expectAll(samples)
        }
        host.stop(within: 10)
    }

    @Test func repeatedKeys_areAnsweredOnceForAll() async throws {
        let directory = TestDirectory()
        let (host, model) = try await host(directory)
        let first = try await load(rows(key: "k"), model)
        let second = try await load(rows(key: "k"), model)
        #expect(second.answer.version == first.answer.version && second.answer.samples == Self.rows)
        #expect(second.answer.accuracyBefore == first.answer.accuracyBefore && second.answer.newClasses == first.answer.newClasses)
        try await waitUntilSeen(model)
        #expect(model.published?.samples == Self.rows)
        host.stop(within: 10)
    }

    @Test func aTrickle_goesThroughTheRecursionAndIsSeenAtOnce() {
        var unseen = UnseenRows()
        func defers(_ rows: Int, _ time: Double) -> Bool { unseen.defers(rows: rows, bulkRows: 10, at: time) }
        #expect([defers(4, 1), defers(5, 1)] == [false, false])
        // The load has cost as much as a solution.
        #expect([defers(1, 1)] == [true])
        unseen.add(1, at: 1)
        #expect([defers(1, 1.1)] == [true])
        unseen.add(1, at: 1.1)
        #expect(unseen.count == 2 && unseen.limit == 11 && unseen.due! > 1.1 && unseen.due! < 2)
        unseen.add(1, at: 10.99)
        #expect(unseen.due! <= 11)
        unseen.clear(seconds: 30)
        #expect(unseen.count == 0 && unseen.due == nil && unseen.limit == nil)
        // After a pause it is another load.
        #expect([defers(9, 12), defers(9, 14), defers(9, 14.1)] == [false, false, true])
        unseen.add(9, at: 14.1)
        // However long a solution takes, the wait for more rows is short.
        #expect(unseen.due! <= 15.1001)
    }
}
