internal import Concurrency
internal import Glibc
internal import Synchronization

/// Threads that help with work cut into turns.
///
/// A caller with such work wakes helpers, works along, and then waits only for the helpers that came. If there is no thread, or all are
/// busy, it does everything itself. Helpers are created when there is work and none is idle, and are kept.
final class HelperThreads: Sendable {
    static let shared = HelperThreads()

    private struct State {
        /// Helpers without work.
        var idle: [Helper] = []
        /// Work that could use more helpers.
        var open: [Work] = []
        /// All helpers.
        var count = 0
    }

    private let state = Guarded(State())

    /// The number of processors, including the caller's.
    private static let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    /// Calls `body` with `0..<turns` in order on at most this many threads: each takes the next turn when it finishes one. Returns when all
    /// turns are done.
    ///
    /// - Precondition: turns of `body` share nothing that one of them writes.
    func run(_ turns: Int, threads: Int, _ body: (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            let work = Work(turns, body)
            call(threads - 1, to: work)
            work.takeTurns()
            leave(work)
        }
    }

    /// Creates helpers until there are this many. Creating them early shows whether they can be had.
    ///
    /// - Parameter prepare: runs first on each new thread.
    func make(_ count: Int, _ prepare: @escaping @Sendable () -> Void) throws(ThreadError) {
        while state.withLock({ state in
            guard state.count < count else { return false }
            state.count += 1
            return true
        }) {
            try start(Helper(), prepare)
        }
    }

    /// Gives work to as many helpers as are free or can be made.
    private func call(_ wanted: Int, to work: Work) {
        let limit = max(Self.processors - 1, wanted)
        let (called, made) = state.withLock { state -> ([Helper], Int) in
            let called = Array(state.idle.suffix(wanted))
            state.idle.removeLast(called.count)
            let made = min(wanted - called.count, max(0, limit - state.count))
            state.count += made
            work.helpers = called.count + made
            work.wanted = wanted - work.helpers
            if work.wanted > 0 { state.open.append(work) }
            return (called, made)
        }
        for helper in called { helper.wake(with: work) }
        for _ in 0..<made {
            // Without a thread, the others do more.
            let helper = Helper()
            helper.give(work)
            if (try? start(helper, {})) == nil { state.withLock { _ in work.helpers -= 1 } }
        }
    }

    private func start(_ helper: Helper, _ prepare: @escaping @Sendable () -> Void) throws(ThreadError) {
        do throws(ThreadError) {
            try Threads.start("compute-helper", stackSize: 8 << 20) { [self] in
                prepare()
                help(helper)
            }
        } catch {
            state.withLock { $0.count -= 1 }
            throw error
        }
    }

    private func help(_ helper: Helper) {
        var work = helper.take() ?? next(for: helper, after: nil)
        while true {
            while let current = work {
                current.takeTurns()
                work = next(for: helper, after: current)
            }
            helper.sleep()
            work = helper.take()
        }
    }

    /// Leaves work that has no turn left, and finds other work.
    ///
    /// - Returns: nil if there is none; the helper is then idle.
    private func next(for helper: Helper, after work: Work?) -> Work? {
        state.withLock { state in
            if let work {
                work.helpers -= 1
                // The last helper releases the caller, the only one that waits.
                if work.helpers == 0, work.isWaitedFor { work.end() }
            }
            guard let next = state.open.first else {
                state.idle.append(helper)
                return nil
            }
            next.helpers += 1
            next.wanted -= 1
            if next.wanted == 0 { state.open.removeFirst() }
            return next
        }
    }

    /// Waits until no helper is at the work; no helper starts on it any more.
    private func leave(_ work: Work) {
        let mustWait = state.withLock { state in
            if work.wanted > 0 { state.open.removeAll { $0 === work } }
            work.isWaitedFor = work.helpers > 0
            return work.isWaitedFor
        }
        if mustWait { work.wait() }
        work.forget()
    }

    /// Work cut into turns.
    ///
    /// `@unchecked Sendable`: `helpers`, `wanted` and `isWaitedFor` are accessed with the state locked. `body` is called by threads that
    /// the caller of `run` waits for, and the caller guarantees that its calls are independent.
    private final class Work: @unchecked Sendable {
        /// Threads at work, without the caller.
        var helpers = 0
        /// Further threads that it could use.
        var wanted = 0
        var isWaitedFor = false
        private let next = Atomic(0)
        private let turns: Int
        private var body: ((Int) -> Void)?
        private let semaphore = Wakening()

        init(_ turns: Int, _ body: @escaping (Int) -> Void) {
            self.turns = turns
            self.body = body
        }

        func takeTurns() {
            while true {
                let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard turn < turns, let body else { return }
                body(turn)
            }
        }

        /// Releases the closure: a helper that has left may hold the work a moment longer.
        func forget() { body = nil }

        func end() { semaphore.post() }
        func wait() { semaphore.wait() }
    }

    /// A thread and its next work.
    private final class Helper: Sendable {
        private let work = Guarded<Work?>(nil)
        private let semaphore = Wakening()

        func give(_ new: Work) { work.withLock { $0 = new } }
        func take() -> Work? { work.withLock { $0.take() } }

        func wake(with new: Work) {
            give(new)
            semaphore.post()
        }

        func sleep() { semaphore.wait() }
    }

    /// A semaphore that only one thread waits for.
    private final class Wakening: @unchecked Sendable {
        // Sendable: a semaphore is made for several threads, and this one never moves.
        private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

        init() {
            semaphore.initialize(to: sem_t())
            sem_init(semaphore, 0, 0)
        }

        deinit {
            sem_destroy(semaphore)
            semaphore.deallocate()
        }

        func post() { sem_post(semaphore) }
        func wait() { while sem_wait(semaphore) != 0 {} }
    }
}
