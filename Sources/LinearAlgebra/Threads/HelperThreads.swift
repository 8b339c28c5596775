internal import Concurrency
internal import Glibc
internal import Synchronization

/// Threads that take part in work which is cut for several.
///
/// Whoever has such work calls them, does what he can of it himself, and then waits only for those who have come: where there is no thread,
/// or all are elsewhere, he does it alone. They are made when there is work for them and none is free, and stay.
final class HelperThreads: Sendable {
    /// The ones of this process.
    static let shared = HelperThreads()

    private struct State {
        /// Those who have nothing to do.
        var idle: [Helper] = []
        /// Work that would take more of them.
        var open: [Work] = []
        /// All of them.
        var count = 0
    }

    private let state = Guarded(State())

    /// As many as there are processors, the caller's own among them.
    private static let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    /// Calls `body` with 0 up to `turns`, in that order, on so many threads at most: each takes the next turn when it is done with the one
    /// before. Returns when all turns are done.
    ///
    /// - Precondition: `body` touches nothing in one turn that it does in another.
    func run(_ turns: Int, threads: Int, _ body: (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            let work = Work(turns, body)
            call(threads - 1, to: work)
            work.takeTurns()
            leave(work)
        }
    }

    /// Makes so many threads, as far as they are not there: who makes them beforehand hears whether they can be had.
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
            // Where there is no thread, the others do more.
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

    /// The life of a helper.
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
    /// - Returns: nil where there is none; the helper is idle then.
    private func next(for helper: Helper, after work: Work?) -> Work? {
        state.withLock { state in
            if let work {
                work.helpers -= 1
                // The last one lets the caller go on, who alone waits for it.
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

    /// Waits until no helper is at the work; none begins with it any more.
    private func leave(_ work: Work) {
        let mustWait = state.withLock { state in
            if work.wanted > 0 { state.open.removeAll { $0 === work } }
            work.isWaitedFor = work.helpers > 0
            return work.isWaitedFor
        }
        if mustWait { work.wait() }
        work.forget()
    }

    /// Work that is cut into turns.
    ///
    /// `@unchecked Sendable`: `helpers`, `wanted` and `isWaitedFor` are read and written with the state locked; `body` is called by threads
    /// which the caller of `run` waits for, and he promises that its calls touch nothing of each other's.
    private final class Work: @unchecked Sendable {
        /// Threads that are at it, its caller aside.
        var helpers = 0
        /// Threads that it would take beside those.
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

        /// Lets go of what was to be done: a helper that has left may hold the work a moment longer.
        func forget() { body = nil }

        func end() { semaphore.post() }
        func wait() { semaphore.wait() }
    }

    /// A thread, and what it is to do.
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

    /// A semaphore of one thread, which alone waits for it.
    private final class Wakening: @unchecked Sendable {
        // Sendable: the object is made for several threads, and never moves.
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
