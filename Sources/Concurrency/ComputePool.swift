/// A few threads for work too long for an event loop: large bodies, large predictions and answers, snapshot files.
package final class ComputePool: Sendable {
    private let queue: LaneQueue<@Sendable () -> Void>
    private let limit: LaneQueue<@Sendable () -> Void>.Limit

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - threads: those that take whatever waits.
    ///   - keepsOneForWriters: whether there is one more, for writers alone: they never wait until a reader's work is done.
    ///   - maximumWaiting: tasks of each lane that may wait.
    ///   - memory: what they hold while they wait is counted against; nil counts nothing.
    /// - Throws: where one cannot be made; then none is left.
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
    /// - Returns: false where too many tasks of the lane wait already, or the pool has stopped; the task is dropped then.
    package func run(_ lane: Lane, bytes: Int = 0, _ task: @escaping @Sendable () -> Void) -> Bool {
        queue.append(task, to: lane, bytes: bytes, within: limit) == .taken
    }

    /// Runs a task however many wait: for what goes on with work that was let in before.
    ///
    /// - Returns: false where the pool has stopped.
    package func runAlways(_ lane: Lane, _ task: @escaping @Sendable () -> Void) -> Bool { queue.append(task, to: lane) == .taken }

    /// Lets the threads end when they have finished what they are doing.
    package func stop() { _ = queue.close() }
}
