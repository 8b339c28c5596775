internal import Concurrency

/// A thread for observing the service, so that it works when all other threads are busy and it is needed most. It also calls a
/// function at regular intervals.
final class MetricsThread: Sendable {
    private let queue = BlockingQueue<@Sendable () -> Void>()
    private let maximumWaiting: Int

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - maximumWaiting: the most tasks that may wait.
    ///   - interval: seconds between two calls of `tick`; more if a task takes longer.
    ///   - tick: called on the thread; it must not own this object.
    /// - Throws: if the system provides no thread.
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
                // Missed calls are skipped.
                next = next + interval > now ? next + interval : now + interval
            }
        }
    }

    /// Also ends the thread if the owner's initialiser failed.
    deinit { stop() }

    /// Runs a task on the thread.
    ///
    /// - Returns: false if too many tasks wait or the thread has stopped; the task is then dropped.
    func run(_ task: @escaping @Sendable () -> Void) -> Bool { queue.count < maximumWaiting && queue.append(task) }

    /// Lets the thread end after its current task.
    func stop() { _ = queue.close() }
}
