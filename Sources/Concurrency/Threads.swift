internal import Glibc

/// Starts threads. Every thread of this program, except those of libraries, starts here, because here it can fail.
///
/// Foundation's `Thread` ignores errors of the system. Under a limit on processes (`ulimit -u`, `pids.max` of a container) the thread then
/// never runs, and code that waits for it waits forever. Dispatch retries each second instead, also forever.
package enum Threads {
    /// Threads that tests make fail if this task starts them; see `processRefusals`.
    @TaskLocal package static var refusals: ThreadRefusals?

    /// Threads that tests make fail anywhere in the process.
    package static let processRefusals = ThreadRefusals()

    /// Starts a thread, which ends when `body` returns.
    ///
    /// - Parameters:
    ///   - name: names the thread in errors; the system shows its first 15 bytes.
    ///   - stackSize: in bytes; nil for the system's default.
    ///   - body: runs on the thread.
    /// - Throws: if the system grants no thread; `body` then never runs.
    package static func start(_ name: String, stackSize: Int? = nil, _ body: @escaping @Sendable () -> Void) throws(ThreadError) {
        if processRefusals.refuse(name) || refusals?.refuse(name) == true { throw ThreadError(name: name, number: EAGAIN) }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        if let stackSize { pthread_attr_setstacksize(&attributes, stackSize) }
        let task = Unmanaged.passRetained(Task(name: name, body: body))
        var thread = pthread_t()
        let number = pthread_create(
            &thread, &attributes,
            { argument in
                // A scope of its own: nothing of the task is held while the thread ends.
                Unmanaged<Task>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, task.toOpaque())
        guard number == 0 else {
            task.release()
            throw ThreadError(name: name, number: number)
        }
    }

    /// `pthread_setname_np`, which Glibc's module map leaves out.
    private static let setName = dlsym(nil, "pthread_setname_np").map {
        unsafeBitCast($0, to: (@convention(c) (pthread_t, UnsafePointer<CChar>) -> Int32).self)
    }

    /// The argument of a thread's start routine.
    private final class Task: Sendable {
        private let name: String
        private let body: Guarded<(@Sendable () -> Void)?>

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = Guarded(body)
        }

        func run() {
            _ = Threads.setName?(pthread_self(), String(decoding: name.utf8.prefix(15), as: UTF8.self))
            // Taken out, so that everything it holds is released when it returns.
            body.withLock { $0.take() }?()
        }
    }
}

/// The system grants no thread.
package struct ThreadError: Error, Equatable, CustomStringConvertible {
    /// The thread's name.
    package let name: String
    /// The `errno`.
    package let number: Int32

    package init(name: String, number: Int32) {
        self.name = name
        self.number = number
    }

    package var description: String {
        let reason = String(cString: strerror(number))
        return "cannot create the thread \"\(name)\": \(reason); a limit on processes and threads (ulimit -u, or pids.max of a "
            + "container), or on memory, has been reached"
    }
}

/// Threads that tests make fail.
package final class ThreadRefusals: Sendable {
    private let counts = Guarded<[String: (passing: Int, failing: Int)]>([:])

    package init() {}

    /// Makes threads of a name fail.
    ///
    /// - Parameters:
    ///   - passing: how many may start first.
    ///   - failing: how many fail after those.
    package func fail(_ name: String, after passing: Int = 0, times failing: Int = 1) {
        counts.withLock { $0[name] = (passing, failing) }
    }

    /// Counts a thread of this name; returns whether it fails.
    func refuse(_ name: String) -> Bool {
        counts.withLock { counts in
            guard let (passing, failing) = counts[name] else { return false }
            if passing > 0 {
                counts[name] = (passing - 1, failing)
                return false
            }
            counts[name] = failing > 1 ? (0, failing - 1) : nil
            return true
        }
    }
}
