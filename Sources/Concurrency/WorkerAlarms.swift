/// Wakes members of a `WorkerPool` at their times, on a thread that somebody lends it.
///
/// A member has one alarm at most. It is held until then, or until it is cancelled.
///
/// `@unchecked Sendable`: everything, the entries too, is read and written with the monitor locked.
final class WorkerAlarms: @unchecked Sendable {
    /// A member's alarm.
    final class Entry {
        fileprivate var time = Double.infinity
        /// Where it stands in the heap; nil if it is not set.
        fileprivate var place: Int?
    }

    private let monitor = Monitor()
    /// No time is before its parent's.
    private var heap: [WorkerPool.Member] = []
    private var isStopped = false

    /// Sets an alarm. One that comes earlier stays, and the member finds that it is too early.
    ///
    /// - Complexity: O(log n), as all of it.
    func set(_ member: WorkerPool.Member, _ time: Double) {
        monitor.withLock {
            guard !isStopped, time < member.alarm.time else { return }
            member.alarm.time = time
            if member.alarm.place == nil {
                member.alarm.place = heap.count
                heap.append(member)
            }
            if let place = member.alarm.place { rise(place) }
            if member.alarm.place == 0 { monitor.signal() }
        }
    }

    /// Takes an alarm back.
    func cancel(_ member: WorkerPool.Member) { monitor.withLock { remove(member) } }

    /// The members that have an alarm.
    var count: Int { monitor.withLock { heap.count } }

    /// The life of the thread: until `stop`.
    func run() {
        while let member = next() { member.wake() }
    }

    func stop() {
        monitor.withLock {
            isStopped = true
            heap = []
            monitor.signal()
        }
    }

    /// Waits for the next time that comes, and says whose it is.
    private func next() -> WorkerPool.Member? {
        monitor.withLock {
            while !isStopped {
                guard let member = heap.first else {
                    _ = monitor.wait(until: nil)
                    continue
                }
                guard member.alarm.time <= MonotonicClock.now else {
                    _ = monitor.wait(until: member.alarm.time)
                    continue
                }
                remove(member)
                return member
            }
            return nil
        }
    }

    // MARK: The heap

    private func remove(_ member: WorkerPool.Member) {
        guard let place = member.alarm.place, place < heap.count else { return }
        exchange(place, heap.count - 1)
        heap.removeLast()
        member.alarm.place = nil
        member.alarm.time = .infinity
        guard place < heap.count else { return }
        rise(place)
        sink(place)
    }

    private func time(_ place: Int) -> Double { heap[place].alarm.time }

    private func rise(_ start: Int) {
        var place = start
        while place > 0, time((place - 1) / 2) > time(place) {
            exchange(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private func sink(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in (2 * place + 1)...(2 * place + 2) where child < heap.count && time(child) < time(least) { least = child }
            guard least != place else { return }
            exchange(place, least)
            place = least
        }
    }

    private func exchange(_ one: Int, _ other: Int) {
        heap.swapAt(one, other)
        heap[one].alarm.place = one
        heap[other].alarm.place = other
    }
}
