internal import Concurrency

/// An event loop that waits for its thread. Everything that can fail is done while `Server.start` can still throw.
final class EventLoopSeed: @unchecked Sendable {
    // Sendable: one thread makes the loop and one other runs it; `take` hands it over once, under the lock, and only the taker uses
    // it.
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
