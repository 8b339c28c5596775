internal import HTTPServer
internal import Storage

/// Takes a snapshot as it arrives, and writes it to an unnamed file on a compute thread: no loop waits for a disk, and no snapshot is held
/// in memory.
///
/// The server calls from one loop and, because of the pause, never while a piece is being written.
final class SnapshotUpload: BodyConsumer {
    private let file: SpoolFile
    private let pool: ComputePool
    private let failure: FailureFlag
    private let responder: DeferredResponder
    private let completion: @Sendable (SpoolFile) -> Void

    init(
        file: SpoolFile, pool: ComputePool, responder: DeferredResponder, completion: @escaping @Sendable (SpoolFile) -> Void
    ) {
        self.file = file
        self.pool = pool
        self.responder = responder
        self.completion = completion
        failure = FailureFlag()
    }

    func receive(_ bytes: UnsafeRawBufferPointer, flow: BodyFlow) -> BodyDemand {
        if failure.isSet { return .more }
        let piece = [UInt8](bytes)
        let isQueued = pool.run { [self] in
            defer { flow.resume() }
            do throws(StorageError) {
                try piece.withUnsafeBufferPointer { (bytes) throws(StorageError) in try file.append(UnsafeRawBufferPointer(bytes)) }
            } catch {
                refuse(Problem(.insufficientStorage, "the snapshot could not be stored: \(error)"))
            }
        }
        guard isQueued else {
            refuse(.busy("the compute threads have too much to do"))
            return .more
        }
        return .pause
    }

    func finish() {
        guard !failure.isSet else { return }
        let isQueued = pool.run { [completion, file] in completion(file) }
        if !isQueued { refuse(.busy("the compute threads have too much to do")) }
    }

    func abort() {}

    private func refuse(_ problem: Problem) {
        failure.set()
        responder.send(problem.response)
    }
}
