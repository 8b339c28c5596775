internal import Foundation

/// A few threads for work too long for an event loop: large bodies, large predictions, snapshot files.
final class ComputePool: Sendable {
    private let queue = BlockingQueue<@Sendable () -> Void>()
    private let maximumWaiting: Int

    /// Starts the threads.
    init(threads: Int, maximumWaiting: Int) {
        self.maximumWaiting = maximumWaiting
        for index in 0..<threads {
            let thread = Thread { [queue] in
                ThreadPriority.giveWay()
                while let tasks = queue.take() { tasks.forEach { $0() } }
            }
            thread.name = "compute-\(index)"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    /// Runs a task on one of the threads.
    ///
    /// - Returns: false where too many tasks wait already, or the pool has stopped; the task is dropped then.
    func run(_ task: @escaping @Sendable () -> Void) -> Bool {
        let limit = maximumWaiting
        return queue.append(task, unless: { $0.count >= limit }) == .taken
    }

    /// Lets the threads end when they have finished what they are doing.
    func stop() { _ = queue.close() }
}
