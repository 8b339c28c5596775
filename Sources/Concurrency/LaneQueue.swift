/// A queue between threads with two lanes, writers' and readers', each first in, first out.
///
/// Each lane has slots and bytes of its own. Where both wait, a writer is taken first; then they take turns, so that neither waits for more
/// than one of the others: readers are not starved, and a writer waits for one reader, however many there are.
///
/// `@unchecked Sendable`: all state is read and written with `monitor` locked.
package final class LaneQueue<Element: Sendable>: @unchecked Sendable {
    /// What may wait in one lane.
    package struct Limit: Sendable {
        package var slots: Int
        /// One element of any size is taken where none waits.
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
        /// What waits in other queues leaves no memory.
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
    ///   - memory: what waits here and elsewhere is counted against; nil counts nothing.
    ///   - onArrival: called when there is an element more, or the queue has been closed, for those who do not wait by `take`.
    package init(memory: Lane.Pair<MemoryBudget>? = nil, onArrival: (@Sendable () -> Void)? = nil) {
        self.memory = memory
        self.onArrival = onArrival
    }

    /// Appends an element.
    ///
    /// - Parameters:
    ///   - bytes: what it holds while it waits.
    ///   - limit: what its lane may hold; nil takes it whatever waits, and counts nothing of it.
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

    /// Waits for an element; then takes it and those behind it in its lane for as long as `continues` says so.
    ///
    /// - Parameters:
    ///   - deadline: how long to wait, in seconds of `MonotonicClock.now`; for ever where nil.
    ///   - only: the lane to take from; nil for both. At most one thread waits for one lane alone.
    ///   - continues: is given what is taken so far and the next element.
    /// - Returns: nothing when the deadline has passed; nil when the queue is closed and empty.
    package func take(
        until deadline: Double? = nil, from only: Lane? = nil, while continues: ([Element], Element) -> Bool = { _, _ in false }
    ) -> [Element]? {
        monitor.withLock {
            var lane = nextLane(only)
            while lane == nil {
                if isClosed { return nil }
                // Whoever was woken for an element that is not for it wakes another.
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
    /// - Returns: nothing where nothing waits; nil when the queue is closed and empty.
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
    ///   - last: an element that is still to be seen.
    ///   - isKept: which of those that wait are still to be seen before it.
    /// - Returns: those that were waiting, which nobody will see any more; `last` too, where the queue was closed before.
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
