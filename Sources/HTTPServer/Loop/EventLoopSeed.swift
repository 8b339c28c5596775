internal import Concurrency

/// An event loop that waits for its thread. What can fail is done where `Server.start` can still throw.
final class EventLoopSeed: @unchecked Sendable {
    // Sendable: the loop is made by one thread and run by one other; `take` gives it away once, under the lock, and nobody but the
    // taker touches it.
    private let lock = Guarded(false)
    private nonisolated(unsafe) var loop: EventLoop?
    let index: Int

    init(shared: ServerShared, handle: LoopHandle) throws(ServerError) {
        index = handle.index
        loop = try EventLoop(shared: shared, handle: handle)
    }

    /// Runs the loop to its end, on the calling thread.
    func run() {
        let mine: EventLoop? = lock.withLock { _ in
            let taken = loop
            loop = nil
            return taken
        }
        mine?.run()
    }
}
