internal import Concurrency

/// A thread for what observes the service: it must come when all other threads are busy, since then it is wanted most. It also does
/// something at regular intervals.
final class MetricsThread: Sendable {
    private let queue = BlockingQueue<@Sendable () -> Void>()
    private let maximumWaiting: Int

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - maximumWaiting: tasks that may wait.
    ///   - interval: seconds between two calls of `tick`; more if a task takes longer.
    ///   - tick: called on the thread, which must not own this object.
    /// - Throws: if the system grants no thread.
    init(maximumWaiting: Int, every interval: Double, _ tick: @escaping @Sendable () -> Void) throws(ThreadError) {
        self.maximumWaiting = maximumWaiting
        try Threads.start("metrics", stackSize: 1 << 20) { [queue] in
            ThreadPriority.giveWay()
            var next = MonotonicClock.now + interval
            while let tasks = queue.take(until: next) {
                for task in tasks { task() }
                let now = MonotonicClock.now
                guard now >= next else { continue }
                tick()
                // What was missed is not made up for.
                next = next + interval > now ? next + interval : now + interval
            }
        }
    }

    /// Ends the thread also if whoever was to own this object could not be made.
    deinit { stop() }

    /// Runs a task on the thread.
    ///
    /// - Returns: false if too many tasks wait already, or the thread has stopped; the task is dropped then.
    func run(_ task: @escaping @Sendable () -> Void) -> Bool { queue.count < maximumWaiting && queue.append(task) }

    /// Lets the thread end when it has finished what it is doing.
    func stop() { _ = queue.close() }
}
