internal import Concurrency
internal import HTTPServer
internal import ModelHost
internal import Storage

/// Writes a snapshot to an unnamed file as it arrives, on a compute thread: no loop waits for a disk, and no snapshot is kept in memory.
final class SnapshotUpload: BodyConsumer {
    private let spool: Spool
    private let pool: ComputePool
    private let responder: DeferredResponder
    private let completion: @Sendable (Spool) -> Void
    private let state = Guarded(State())

    private struct State {
        /// A piece is being written; the next arrives only after it.
        var isWriting = false
        /// The whole content has arrived.
        var isWhole = false
        var isRefused = false
    }

    /// - Parameter completion: called on a compute thread when the file is complete.
    init(
        spool: Spool, pool: ComputePool, responder: DeferredResponder, completion: @escaping @Sendable (Spool) -> Void
    ) {
        self.spool = spool
        self.pool = pool
        self.responder = responder
        self.completion = completion
    }

    func receive(_ bytes: UnsafeRawBufferPointer, flow: BodyFlow) -> BodyDemand {
        let isRefused = state.withLock { state in
            state.isWriting = !state.isRefused
            return state.isRefused
        }
        // The rest of a refused snapshot is dropped.
        guard !isRefused else { return .more }
        do throws(ModelError) {
            try spool.share.take(bytes.count)
        } catch {
            refuse(Problem(error))
            return .more
        }
        let piece = [UInt8](bytes)
        let isQueued = pool.run(.writing, bytes: piece.count) { [self] in
            write(piece)
            flow.resume()
        }
        guard isQueued else {
            refuse(.busy("the compute threads are overloaded"))
            return .more
        }
        return .pause
    }

    func finish() {
        // The last piece may not have been written yet.
        let mayComplete = state.withLock { state in
            state.isWhole = true
            return !state.isWriting && !state.isRefused
        }
        guard mayComplete else { return }
        if !pool.run(.writing, { [completion, spool] in completion(spool) }) { refuse(.busy("the compute threads are overloaded")) }
    }

    func abort() {}

    private func write(_ piece: [UInt8]) {
        do throws(StorageError) {
            try piece.withUnsafeBufferPointer { (bytes) throws(StorageError) in try spool.file.append(UnsafeRawBufferPointer(bytes)) }
        } catch {
            refuse(Problem(.insufficientStorage, "the snapshot could not be stored: \(error)"))
        }
        let mayComplete = state.withLock { state in
            state.isWriting = false
            return state.isWhole && !state.isRefused
        }
        if mayComplete { completion(spool) }
    }

    private func refuse(_ problem: Problem) {
        state.withLock { $0.isRefused = true }
        responder.send(problem.response)
    }
}
