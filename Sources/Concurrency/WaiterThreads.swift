/// Threads that wait for a device while others compute.
///
/// They are created when needed, up to a limit, and are kept. A task never queues: it is taken at once or not at all.
package final class WaiterThreads: Sendable {
    private let name: String
    private let limit: Int
    private let monitor = Monitor()
    private let state = State()

    /// `@unchecked Sendable`: accessed with the monitor locked.
    private final class State: @unchecked Sendable {
        var tasks = RingBuffer<@Sendable () -> Void>()
        var idle = 0
        var threads = 0
        var isStopped = false
    }

    /// - Parameters:
    ///   - name: names the threads.
    ///   - limit: the most threads.
    package init(_ name: String, limit: Int) {
        self.name = name
        self.limit = limit
    }

    deinit { stop() }

    /// Runs a task on one of the threads.
    ///
    /// - Returns: false, and the task is dropped, if all are busy and no other can be created.
    package func run(_ task: @escaping @Sendable () -> Void) -> Bool {
        let newThread = monitor.withLock { () -> Int? in
            // Each waiting task has an idle thread that has not woken yet.
            if state.idle > state.tasks.count, !state.isStopped {
                state.tasks.append(task)
                monitor.signal()
                return nil
            }
            guard state.threads < limit, !state.isStopped else { return -1 }
            state.threads += 1
            return state.threads - 1
        }
        guard let newThread else { return true }
        guard newThread >= 0 else { return false }
        do throws(ThreadError) {
            // Taken out, so that what the task holds, such as a file, is released when it returns.
            let first = Guarded<(@Sendable () -> Void)?>(task)
            try Threads.start("\(name)-\(newThread)", stackSize: 512 << 10) { [monitor, state] in
                first.withLock { $0.take() }?()
                while let next = Self.next(monitor, state) { next() }
            }
        } catch {
            monitor.withLock { state.threads -= 1 }
            return false
        }
        return true
    }

    private static func next(_ monitor: Monitor, _ state: State) -> (@Sendable () -> Void)? {
        monitor.withLock {
            while state.tasks.count == 0, !state.isStopped {
                state.idle += 1
                _ = monitor.wait(until: nil)
                state.idle -= 1
            }
            if let next = state.tasks.removeFirst() { return next }
            state.threads -= 1
            return nil
        }
    }

    /// Ends the threads after their tasks.
    package func stop() {
        monitor.withLock {
            state.isStopped = true
            monitor.broadcast()
        }
    }
}
