import ClassifierService
internal import Concurrency
import Foundation

/// Sends batches over several connections at once and hands their outcomes on in order.
///
/// A batch is submitted only when few are under way, so memory stays constant however many there are. The first failure stops the rest:
/// batches that have not been sent are dropped, those under way end. One thread submits, drains and finishes.
final class BatchPipeline<Outcome: Sendable>: Sendable {
    private struct State {
        var waiting: [RowBatch] = []
        /// Numbers of batches that were submitted, and of those handed on.
        var submitted = 0
        var delivered = 0
        /// Outcomes that came before those of earlier batches.
        var early: [Int: (RowBatch, Outcome)] = [:]
        var isDelivering = false
        var isClosed = false
        var running = 0
        var failure: (any Error)?
    }

    private let state = Guarded(State())
    /// What the senders wait for: batches.
    private let work = Monitor()
    /// What the one thread that submits waits for: room, deliveries, the end.
    private let progress = Monitor()
    private let window: Int
    private let deliver: @Sendable (RowBatch, Outcome) throws -> Void

    /// Starts a thread a connection.
    ///
    /// - Parameters:
    ///   - makeSender: called on each thread; what it makes sends batches, one after another, and throws where that fails for good.
    ///   - deliver: takes outcomes in the order of the batches, from one thread at a time.
    /// - Throws: where the system gives no thread; those that there are end.
    init(
        connections: Int, makeSender: @escaping @Sendable () -> (RowBatch) throws -> Outcome,
        deliver: @escaping @Sendable (RowBatch, Outcome) throws -> Void
    ) throws(ThreadError) {
        window = 2 * connections
        self.deliver = deliver
        state.withLock { $0.running = connections }
        do throws(ThreadError) {
            for _ in 0..<connections { try Threads.start("sender") { [self] in run(makeSender()) } }
        } catch {
            stop(error)
            throw error
        }
    }

    /// Takes a batch, as soon as few enough are under way.
    ///
    /// - Returns: false where a failure has stopped everything: then nothing more is taken.
    func submit(_ batch: RowBatch) -> Bool {
        progress.withLock {
            while state.withLock({ $0.failure == nil && $0.submitted - $0.delivered >= window }) { _ = progress.wait(until: nil) }
        }
        return work.withLock {
            let isTaken = state.withLock { state in
                guard state.failure == nil else { return false }
                var batch = batch
                batch.number = state.submitted
                state.submitted += 1
                state.waiting.append(batch)
                return true
            }
            // One batch is for one sender.
            if isTaken { work.signal() }
            return isTaken
        }
    }

    /// Waits until everything submitted has been handed on.
    ///
    /// - Returns: false where a failure has stopped everything.
    func drain() -> Bool {
        progress.withLock {
            while state.withLock({ $0.failure == nil && $0.delivered < $0.submitted }) { _ = progress.wait(until: nil) }
            return state.withLock { $0.failure == nil }
        }
    }

    /// Drops what has not been sent.
    func stop(_ error: any Error) {
        endWork { state in
            state.failure = state.failure ?? error
            state.waiting = []
        }
        progress.withLock { progress.signal() }
    }

    /// Waits until everything submitted has ended, and all threads have.
    ///
    /// - Throws: the first failure.
    func finish() throws {
        endWork { $0.isClosed = true }
        let failure: (any Error)? = progress.withLock {
            while state.withLock({ $0.running > 0 }) { _ = progress.wait(until: nil) }
            return state.withLock { $0.failure }
        }
        if let failure { throw failure }
    }

    /// Makes a change after which no sender waits any more: each has a batch, or ends.
    private func endWork(_ change: (inout State) -> Void) {
        work.withLock {
            state.withLock { change(&$0) }
            work.broadcast()
        }
    }

    private func run(_ send: (RowBatch) throws -> Outcome) {
        while let batch = next() {
            do { complete(batch, try send(batch)) } catch { stop(error) }
        }
        note { $0.running -= 1 }
    }

    /// Makes a change that the submitting thread may wait for.
    private func note(_ change: (inout State) -> Void) {
        progress.withLock {
            state.withLock { change(&$0) }
            progress.signal()
        }
    }

    private func next() -> RowBatch? {
        work.withLock {
            while true {
                let (batch, isOver) = state.withLock { state -> (RowBatch?, Bool) in
                    if state.failure != nil { return (nil, true) }
                    if !state.waiting.isEmpty { return (state.waiting.removeFirst(), false) }
                    return (nil, state.isClosed)
                }
                if let batch { return batch }
                if isOver { return nil }
                _ = work.wait(until: nil)
            }
        }
    }

    /// Keeps an outcome, and hands on all whose turn it is; one thread does that at a time.
    private func complete(_ batch: RowBatch, _ outcome: Outcome) {
        var batch = batch
        // What has been sent is needed for its place only.
        batch.features = []
        let kept = batch
        let isMine = state.withLock { state in
            state.early[kept.number] = (kept, outcome)
            defer { state.isDelivering = true }
            return !state.isDelivering
        }
        guard isMine else { return }
        while let (batch, outcome) = takeNext() {
            // After that nothing more is handed on: it would leave a gap.
            do { try deliver(batch, outcome) } catch { return stop(error) }
            note { $0.delivered += 1 }
        }
    }

    private func takeNext() -> (RowBatch, Outcome)? {
        state.withLock { state in
            // Outcomes after one that is missing are handed on even when another batch has failed: they have happened.
            guard let next = state.early.removeValue(forKey: state.delivered) else {
                state.isDelivering = false
                return nil
            }
            return next
        }
    }
}
