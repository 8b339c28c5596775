/// A first-in, first-out queue between threads.
///
/// `@unchecked Sendable`: all state is read and written with `monitor` locked.
package final class BlockingQueue<Element: Sendable>: @unchecked Sendable {
    private let monitor = Monitor()
    private var elements = RingBuffer<Element>()
    private var isClosed = false

    package init() {}

    /// Appends an element.
    ///
    /// - Returns: false if the queue is closed; the element is then not taken.
    package func append(_ element: Element) -> Bool {
        monitor.withLock {
            if isClosed { return false }
            elements.append(element)
            monitor.signal()
            return true
        }
    }

    /// Waits for an element; then takes it, and further elements while `continues` returns true.
    ///
    /// - Parameters:
    ///   - deadline: in seconds of `MonotonicClock.now`; nil for no limit.
    ///   - continues: called with the elements taken so far and the next one.
    /// - Returns: no elements if the deadline has passed; nil if the queue is closed and empty.
    package func take(until deadline: Double? = nil, while continues: ([Element], Element) -> Bool = { _, _ in false }) -> [Element]? {
        monitor.withLock {
            while elements.count == 0 {
                if isClosed { return nil }
                if !monitor.wait(until: deadline) { return [] }
            }
            var taken: [Element] = []
            while let next = elements.first, taken.isEmpty || continues(taken, next) {
                _ = elements.removeFirst()
                taken.append(next)
            }
            return taken
        }
    }

    /// Closes the queue to new elements.
    ///
    /// - Parameter last: an element still to be delivered.
    /// - Returns: the waiting elements, which are not delivered any more, including `last` if the queue was closed before.
    package func close(behind last: Element? = nil) -> [Element] {
        monitor.withLock {
            if isClosed { return last.map { [$0] } ?? [] }
            let rest = elements.removeAll()
            if let last { elements.append(last) }
            isClosed = true
            monitor.broadcast()
            return rest
        }
    }

    /// The number of waiting elements.
    package var count: Int { monitor.withLock { elements.count } }
}
