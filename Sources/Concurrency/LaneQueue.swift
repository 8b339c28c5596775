/// A queue between threads with two lanes, writers' and readers', each first in, first out.
///
/// Each lane has its own slots and bytes. If both wait, a writer is taken first; then they alternate. Readers are not starved, and a writer
/// waits for one reader at most, however many there are.
///
/// `@unchecked Sendable`: all state is read and written with `monitor` locked.
package final class LaneQueue<Element: Sendable>: @unchecked Sendable {
    /// What may wait in one lane.
    package struct Limit: Sendable {
        package var slots: Int
        /// If none waits, one element of any size is taken.
        package var bytes = Int.max

        package init(slots: Int, bytes: Int = .max) {
            self.slots = slots
            self.bytes = bytes
        }
    }

    package enum Admission {
        case taken
        /// The lane has no slot, or no bytes, left.
        case full
        /// Other queues' elements leave no memory.
        case crowded
        case closed
    }

    private struct Entry {
        let element: Element
        let bytes: Int
    }

    private struct Line {
        private var entries = RingBuffer<Entry>()
        private(set) var bytes = 0

        var count: Int { entries.count }
        var first: Element? { entries.first?.element }

        mutating func append(_ entry: Entry) {
            entries.append(entry)
            bytes += entry.bytes
        }

        mutating func removeFirst() -> Entry? {
            guard let entry = entries.removeFirst() else { return nil }
            bytes -= entry.bytes
            return entry
        }
    }

    private let monitor = Monitor()
    private let memory: Lane.Pair<MemoryBudget>?
    private let onArrival: (@Sendable () -> Void)?
    private var lines = Lane.Pair(writing: Line(), reading: Line())
    private var isReadersTurn = false
    private var isClosed = false

    /// - Parameters:
    ///   - memory: the shared budget for waiting elements; nil counts nothing.
    ///   - onArrival: called when an element arrives or the queue closes, for users that do not wait in `take`.
    package init(memory: Lane.Pair<MemoryBudget>? = nil, onArrival: (@Sendable () -> Void)? = nil) {
        self.memory = memory
        self.onArrival = onArrival
    }

    /// Appends an element.
    ///
    /// - Parameters:
    ///   - bytes: its memory while it waits.
    ///   - limit: the lane's limit; nil always takes the element and does not count it.
    /// - Returns: whether it was taken, or why not.
    package func append(_ element: Element, to lane: Lane, bytes: Int = 0, within limit: Limit? = nil) -> Admission {
        let admission = monitor.withLock { () -> Admission in
            if isClosed { return .closed }
            if let limit {
                let line = lines[lane]
                guard line.count < limit.slots, line.count == 0 || bytes <= limit.bytes - line.bytes else { return .full }
                guard memory?[lane].reserveOrBeAlone(bytes) ?? true else { return .crowded }
            }
            lines[lane].append(Entry(element: element, bytes: limit == nil ? 0 : bytes))
            monitor.signal()
            return .taken
        }
        if admission == .taken { onArrival?() }
        return admission
    }

    /// Waits for an element; then takes it and those behind it in its lane while `continues` returns true.
    ///
    /// - Parameters:
    ///   - deadline: how long to wait, in seconds of `MonotonicClock.now`; nil for no limit.
    ///   - only: the lane to take from; nil for both. At most one thread waits for a single lane.
    ///   - continues: receives the elements taken so far and the next one.
    /// - Returns: an empty array after the deadline; nil if the queue is closed and empty.
    package func take(
        until deadline: Double? = nil, from only: Lane? = nil, while continues: ([Element], Element) -> Bool = { _, _ in false }
    ) -> [Element]? {
        monitor.withLock {
            var lane = nextLane(only)
            while lane == nil {
                if isClosed { return nil }
                // A thread that was woken for another lane's element wakes another thread.
                if only != nil, lines.writing.count + lines.reading.count > 0 { monitor.signal() }
                if !monitor.wait(until: deadline) { return [] }
                lane = nextLane(only)
            }
            guard let lane else { return [] }
            return take(from: lane, while: continues)
        }
    }

    /// Takes the same without waiting.
    ///
    /// - Returns: an empty array if nothing waits; nil if the queue is closed and empty.
    package func poll(while continues: ([Element], Element) -> Bool) -> [Element]? {
        monitor.withLock {
            guard let lane = nextLane(nil) else { return isClosed ? nil : [] }
            return take(from: lane, while: continues)
        }
    }

    private func take(from lane: Lane, while continues: ([Element], Element) -> Bool) -> [Element] {
        isReadersTurn = lane == .writing && lines.reading.count > 0
        var taken: [Element] = []
        while let next = lines[lane].first, taken.isEmpty || continues(taken, next) {
            guard let entry = lines[lane].removeFirst() else { break }
            memory?[lane].release(entry.bytes)
            taken.append(entry.element)
        }
        return taken
    }

    private func nextLane(_ only: Lane?) -> Lane? {
        if let only { return lines[only].count > 0 ? only : nil }
        if lines.writing.count > 0, !isReadersTurn || lines.reading.count == 0 { return .writing }
        return lines.reading.count > 0 ? .reading : nil
    }

    /// Takes no more elements.
    ///
    /// - Parameters:
    ///   - last: a last element, to be taken after those that are kept.
    ///   - isKept: which of the waiting elements can still be taken.
    /// - Returns: the waiting elements that can no longer be taken; also `last` if the queue was already closed.
    package func close(behind last: Element? = nil, keeping isKept: (Element) -> Bool = { _ in false }) -> [Element] {
        let refused = monitor.withLock {
            if isClosed { return last.map { [$0] } ?? [] }
            isClosed = true
            var (rest, kept): ([Element], [Element]) = ([], [])
            for lane in Lane.allCases {
                while let entry = lines[lane].removeFirst() {
                    memory?[lane].release(entry.bytes)
                    if isKept(entry.element) { kept.append(entry.element) } else { rest.append(entry.element) }
                }
            }
            if let last { kept.append(last) }
            for element in kept { lines.writing.append(Entry(element: element, bytes: 0)) }
            monitor.broadcast()
            return rest
        }
        onArrival?()
        return refused
    }

    /// The number of elements that wait.
    package var count: Int { monitor.withLock { lines.writing.count + lines.reading.count } }

    /// The bytes that they hold.
    package var bytes: Int { monitor.withLock { lines.writing.bytes + lines.reading.bytes } }
}
