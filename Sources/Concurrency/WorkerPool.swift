/// A few threads shared by many members: a member uses a thread while it has something to do, and none otherwise.
///
/// Members get their turns in the order of their requests. A member that wants to continue after its turn queues behind all waiting ones.
/// Threads are created as needed, up to a limit, and are kept. If the system grants no more, the existing ones do all the work.
package final class WorkerPool: Sendable {
    /// How a turn ends.
    package enum Turn: Sendable {
        /// There is more to do.
        case again
        /// There is nothing to do until the member is woken, or until a time in seconds of `MonotonicClock.now`.
        case idle(until: Double?)
        /// There will never be anything to do again.
        case over
    }

    package struct Figures: Sendable {
        /// All threads.
        package var threads = 0
        /// Threads in a turn.
        package var busy = 0
        /// Members waiting for a turn.
        package var waiting = 0
    }

    private let shared: Shared

    /// Starts the first thread, and one for the alarms.
    ///
    /// - Parameters:
    ///   - threads: the most threads to create.
    ///   - stackSize: of each, in bytes.
    ///   - prepare: runs first on each.
    /// - Throws: if one of these two cannot be created.
    package init(threads: Int, stackSize: Int, _ prepare: @escaping @Sendable () -> Void) throws(ThreadError) {
        precondition(threads > 0, "a pool has a thread")
        shared = Shared(limit: threads, stackSize: stackSize, prepare)
        try shared.start(0)
        let alarms = shared.alarms
        do throws(ThreadError) {
            try Threads.start("worker-alarms", stackSize: 512 << 10) { alarms.run() }
        } catch {
            shared.stop()
            throw error
        }
    }

    deinit { stop() }

    /// Creates a member that has not begun.
    package func makeMember() -> Member { Member(shared) }

    /// What the threads are doing now.
    package var figures: Figures { shared.figures }

    /// The members that are woken by a time.
    var alarmCount: Int { shared.alarms.count }

    /// Ends the threads once no member waits for a turn. Alarms wake no member any more.
    package func stop() {
        shared.stop()
        shared.alarms.stop()
    }

    /// Something that takes turns, one at a time.
    ///
    /// `@unchecked Sendable`: `state`, `isWoken` and `queued` are accessed with the pool's monitor locked. `take` is set before the first
    /// turn, and only called and replaced by the thread whose turn it is; the monitor separates two turns.
    package final class Member: @unchecked Sendable {
        fileprivate enum State { case unborn, idle, waiting, running, over }

        fileprivate var state = State.unborn
        /// Whether it was woken during its turn.
        fileprivate var isWoken = false
        fileprivate var take: (() -> Turn)?
        /// Its place among those that have a time.
        let alarm = WorkerAlarms.Entry()
        private let shared: Shared

        fileprivate init(_ shared: Shared) { self.shared = shared }

        /// Requests the first turn.
        ///
        /// - Parameter take: a turn; called by one thread at a time, and released when it is over.
        package func begin(_ take: sending @escaping () -> Turn) {
            self.take = take
            shared.begin(self)
        }

        /// Requests a turn. A member that has not begun, or is over, gets none.
        package func wake() { shared.wake(self) }
    }

    /// State shared by threads and members, so that a pool without owners can end.
    ///
    /// `@unchecked Sendable`: everything mutable is accessed with the monitor locked.
    fileprivate final class Shared: @unchecked Sendable {
        let alarms = WorkerAlarms()
        private let monitor = Monitor()
        private let limit: Int
        private let stackSize: Int
        private let prepare: @Sendable () -> Void
        private var ready = RingBuffer<Member>()
        private var threads = 0
        private var idle = 0
        private var isStopped = false

        init(limit: Int, stackSize: Int, _ prepare: @escaping @Sendable () -> Void) {
            self.limit = limit
            self.stackSize = stackSize
            self.prepare = prepare
        }

        var figures: Figures {
            monitor.withLock { Figures(threads: threads, busy: threads - idle, waiting: ready.count) }
        }

        func start(_ index: Int) throws(ThreadError) {
            monitor.withLock { threads += 1 }
            do throws(ThreadError) {
                try Threads.start("worker-\(index)", stackSize: stackSize) { [self] in
                    prepare()
                    run()
                }
            } catch {
                monitor.withLock { threads -= 1 }
                throw error
            }
        }

        func begin(_ member: Member) { enqueue(member) { $0 == .unborn } }

        func wake(_ member: Member) { enqueue(member) { $0 == .idle } }

        private func enqueue(_ member: Member, if mayWait: (Member.State) -> Bool) {
            let newThread = monitor.withLock { () -> Int? in
                guard mayWait(member.state) else {
                    member.isWoken = member.state == .running
                    return nil
                }
                member.state = .waiting
                ready.append(member)
                // Idle threads take one each.
                if idle >= ready.count || threads == limit {
                    monitor.signal()
                    return nil
                }
                monitor.signal()
                return threads
            }
            // If it does not start, the others do its work.
            if let newThread { try? start(newThread) }
        }

        private func run() {
            var finished: (member: Member, turn: Turn)?
            while let member = next(after: finished) {
                let turn = member.take?() ?? .over
                switch turn {
                case .again, .idle(until: nil): break
                case .idle(let time?): alarms.set(member, time)
                case .over:
                    member.take = nil
                    alarms.cancel(member)
                }
                finished = (member, turn)
            }
        }

        private func next(after finished: (member: Member, turn: Turn)?) -> Member? {
            monitor.withLock {
                if let (member, turn) = finished { end(turn, of: member) }
                while ready.count == 0 {
                    if isStopped {
                        threads -= 1
                        return nil
                    }
                    idle += 1
                    _ = monitor.wait(until: nil)
                    idle -= 1
                }
                let member = ready.removeFirst()
                member?.state = .running
                member?.isWoken = false
                return member
            }
        }

        private func end(_ turn: Turn, of member: Member) {
            switch turn {
            case .over: member.state = .over
            case .idle where !member.isWoken: member.state = .idle
            case .idle, .again:
                member.state = .waiting
                ready.append(member)
            }
        }

        func stop() {
            monitor.withLock {
                isStopped = true
                monitor.broadcast()
            }
        }
    }
}
