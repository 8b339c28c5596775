/// A first-in, first-out queue between threads.
///
/// `@unchecked Sendable`: all state is read and written with `monitor` locked.
final class BlockingQueue<Element: Sendable>: @unchecked Sendable {
    private let monitor = Monitor()
    /// From `head` on those that wait; before it nil, so that nothing is kept alive that was taken.
    private var elements: [Element?] = []
    private var head = 0
    private var isClosed = false

    enum Admission { case taken, full, closed }

    /// Appends an element unless `limit` says no.
    ///
    /// - Parameter limit: is given the elements that wait, none of them nil.
    /// - Returns: whether it was taken, or why not.
    func append(_ element: Element, unless limit: (ArraySlice<Element?>) -> Bool = { _ in false }) -> Admission {
        monitor.withLock {
            if isClosed { return .closed }
            if limit(elements[head...]) { return .full }
            elements.append(element)
            monitor.signal()
            return .taken
        }
    }

    /// Waits for an element; then takes it and those behind it for as long as `continues` says so.
    ///
    /// - Parameters:
    ///   - deadline: how long to wait, in seconds of `MonotonicClock.now`; for ever where nil.
    ///   - continues: is given what is taken so far and the next element.
    /// - Returns: nothing when the deadline has passed; nil when the queue is closed and empty.
    func take(until deadline: Double? = nil, while continues: ([Element], Element) -> Bool = { _, _ in false }) -> [Element]? {
        monitor.withLock {
            while head == elements.count {
                if isClosed { return nil }
                if !monitor.wait(until: deadline) { return [] }
            }
            var taken: [Element] = []
            while head < elements.count, let next = elements[head], taken.isEmpty || continues(taken, next) {
                taken.append(next)
                elements[head] = nil
                head += 1
            }
            // Forget what was taken, but not by moving a long queue at every step.
            if head == elements.count {
                elements.removeAll(keepingCapacity: elements.capacity <= 1024)
                head = 0
            } else if head > 256 {
                elements.removeFirst(head)
                head = 0
            }
            return taken
        }
    }

    /// Takes no more elements.
    ///
    /// - Parameter last: an element that is still to be seen.
    /// - Returns: those that were waiting, which nobody will see any more; `last` too, where the queue was closed before.
    func close(behind last: Element? = nil) -> [Element] {
        monitor.withLock {
            if isClosed { return last.map { [$0] } ?? [] }
            let rest = elements[head...].compactMap(\.self)
            head = 0
            elements = last.map { [$0] } ?? []
            isClosed = true
            monitor.broadcast()
            return rest
        }
    }

    /// Calls `body` with the elements that wait, none of them nil, while the queue stands still.
    func withWaiting<R>(_ body: (ArraySlice<Element?>) -> R) -> R { monitor.withLock { body(elements[head...]) } }

    /// The number of elements that wait.
    var count: Int { monitor.withLock { elements.count - head } }
}
