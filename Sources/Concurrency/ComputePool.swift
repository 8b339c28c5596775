/// A few threads for work too long for an event loop: large bodies, large predictions and answers, snapshot files.
package final class ComputePool: Sendable {
    private let queue: LaneQueue<@Sendable () -> Void>
    private let limit: LaneQueue<@Sendable () -> Void>.Limit

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - threads: the number of threads that take any task.
    ///   - keepsOneForWriters: whether to add a thread for writers only, so that they never wait for a reader's task.
    ///   - maximumWaiting: tasks of each lane that may wait.
    ///   - memory: the budget for waiting tasks; nil counts nothing.
    /// - Throws: `ThreadError` if a thread cannot be created; then none is left.
    package init(
        threads: Int, keepsOneForWriters: Bool = false, maximumWaiting: Int, memory: Lane.Pair<MemoryBudget>? = nil
    ) throws(ThreadError) {
        queue = LaneQueue(memory: memory)
        limit = LaneQueue.Limit(slots: maximumWaiting)
        for index in 0..<(threads + (keepsOneForWriters ? 1 : 0)) {
            try Threads.start("compute-\(index)", stackSize: 8 << 20) { [queue] in
                ThreadPriority.giveWay()
                while let tasks = queue.take(from: index < threads ? nil : .writing) { tasks.forEach { $0() } }
            }
        }
    }

    /// Ends the threads even if the pool's owner could not be created.
    deinit { stop() }

    /// Runs a task on one of the threads.
    ///
    /// - Parameters:
    ///   - lane: for whom.
    ///   - bytes: what the task holds while it waits, beside what is counted elsewhere, as bodies are.
    /// - Returns: false, and the task is dropped, if too many tasks of the lane wait or the pool has stopped.
    package func run(_ lane: Lane, bytes: Int = 0, _ task: @escaping @Sendable () -> Void) -> Bool {
        queue.append(task, to: lane, bytes: bytes, within: limit) == .taken
    }

    /// Runs a task even if many wait: for the next part of work that was admitted before.
    ///
    /// - Returns: false if the pool has stopped.
    package func runAlways(_ lane: Lane, _ task: @escaping @Sendable () -> Void) -> Bool { queue.append(task, to: lane) == .taken }

    /// Ends the threads after their current and waiting tasks.
    package func stop() { _ = queue.close() }
}
