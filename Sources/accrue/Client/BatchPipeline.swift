import ClassifierService
internal import Concurrency
import Foundation

/// Sends batches over several connections concurrently and delivers their outcomes in order.
///
/// It accepts a batch only if few are under way, so memory stays constant for any number of batches. The first failure stops the rest:
/// unsent batches are dropped, those under way end. One thread submits, drains and finishes.
final class BatchPipeline<Outcome: Sendable>: Sendable {
    private struct State {
        var waiting: [RowBatch] = []
        /// The numbers of batches submitted and delivered.
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
    /// Senders wait here for batches.
    private let work = Monitor()
    /// The submitting thread waits here for room, deliveries and the end.
    private let progress = Monitor()
    private let window: Int
    private let deliver: @Sendable (RowBatch, Outcome) throws -> Void

    /// Starts one thread per connection.
    ///
    /// - Parameters:
    ///   - makeSender: called on each thread; returns a closure that sends batches one after another, and throws if that fails for good.
    ///   - deliver: receives outcomes in the order of the batches, from one thread at a time.
    /// - Throws: if the system grants no thread; threads already started then end.
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

    /// Accepts a batch, once few enough are under way.
    ///
    /// - Returns: false if a failure has stopped the pipeline: it then accepts nothing more.
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
            // One batch needs one sender.
            if isTaken { work.signal() }
            return isTaken
        }
    }

    /// Waits until everything submitted has been delivered.
    ///
    /// - Returns: false if a failure has stopped the pipeline.
    func drain() -> Bool {
        progress.withLock {
            while state.withLock({ $0.failure == nil && $0.delivered < $0.submitted }) { _ = progress.wait(until: nil) }
            return state.withLock { $0.failure == nil }
        }
    }

    /// Drops unsent batches.
    func stop(_ error: any Error) {
        endWork { state in
            state.failure = state.failure ?? error
            state.waiting = []
        }
        progress.withLock { progress.signal() }
    }

    /// Waits until everything submitted and all threads have ended.
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

    /// Makes a change after which no sender waits: each has a batch, or ends.
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

    /// Keeps an outcome, and delivers all that are due; one thread does so at a time.
    private func complete(_ batch: RowBatch, _ outcome: Outcome) {
        var batch = batch
        // Only the batch's place is still needed.
        batch.features = []
        let kept = batch
        let isMine = state.withLock { state in
            state.early[kept.number] = (kept, outcome)
            defer { state.isDelivering = true }
            return !state.isDelivering
        }
        guard isMine else { return }
        while let (batch, outcome) = takeNext() {
            // After a failure nothing more is delivered: it would leave a gap.
            do { try deliver(batch, outcome) } catch { return stop(error) }
            note { $0.delivered += 1 }
        }
    }

    private func takeNext() -> (RowBatch, Outcome)? {
        state.withLock { state in
            // Outcomes that continue the sequence are delivered even if another batch has failed: they have happened.
            guard let next = state.early.removeValue(forKey: state.delivered) else {
                state.isDelivering = false
                return nil
            }
            return next
        }
    }
}
