internal import Glibc

/// Makes threads: every thread of this program but those of libraries is made here, because here it can fail.
///
/// Foundation's `Thread` ignores what the system says. Under a limit on processes (`ulimit -u`, `pids.max` of a container) the thread then
/// never runs, and whoever waits for what it should do waits for ever. Dispatch tries again each second instead, for ever as well.
package enum Threads {
    /// Threads that tests let fail where they are made from this very task; see `processRefusals`.
    @TaskLocal package static var refusals: ThreadRefusals?

    /// Threads that tests let fail wherever they are made.
    package static let processRefusals = ThreadRefusals()

    /// Starts a thread that ends by itself.
    ///
    /// - Parameters:
    ///   - name: says in errors what the thread is for; the system shows its first 15 bytes.
    ///   - stackSize: in bytes; what the system gives by default where nil.
    ///   - body: runs on the thread.
    /// - Throws: where the system gives no thread; then nothing of `body` has run, nor will.
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

    /// `pthread_setname_np`, which the module map of Glibc leaves out.
    private static let setName = dlsym(nil, "pthread_setname_np").map {
        unsafeBitCast($0, to: (@convention(c) (pthread_t, UnsafePointer<CChar>) -> Int32).self)
    }

    /// What a thread is started with.
    private final class Task: Sendable {
        private let name: String
        private let body: Guarded<(@Sendable () -> Void)?>

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = Guarded(body)
        }

        func run() {
            _ = Threads.setName?(pthread_self(), String(decoding: name.utf8.prefix(15), as: UTF8.self))
            // Taken out, so that what it holds goes when it returns.
            body.withLock { $0.take() }?()
        }
    }
}

/// The system gives no thread.
package struct ThreadError: Error, Equatable, CustomStringConvertible {
    /// What the thread was to do.
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

/// Threads that shall fail, for tests.
package final class ThreadRefusals: Sendable {
    private let counts = Guarded<[String: (passing: Int, failing: Int)]>([:])

    package init() {}

    /// Lets threads of a name fail.
    ///
    /// - Parameters:
    ///   - passing: those that may be made before.
    ///   - failing: those that then fail.
    package func fail(_ name: String, after passing: Int = 0, times failing: Int = 1) {
        counts.withLock { $0[name] = (passing, failing) }
    }

    /// Whether a thread of this name fails now; counts it.
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
