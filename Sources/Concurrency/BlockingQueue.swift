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
    /// - Returns: false where the queue is closed, and the element is not taken.
    package func append(_ element: Element) -> Bool {
        monitor.withLock {
            if isClosed { return false }
            elements.append(element)
            monitor.signal()
            return true
        }
    }

    /// Waits for an element; then takes it and those behind it for as long as `continues` says so.
    ///
    /// - Parameters:
    ///   - deadline: how long to wait, in seconds of `MonotonicClock.now`; for ever where nil.
    ///   - continues: is given what is taken so far and the next element.
    /// - Returns: nothing when the deadline has passed; nil when the queue is closed and empty.
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

    /// Takes no more elements.
    ///
    /// - Parameter last: an element that is still to be seen.
    /// - Returns: those that were waiting, which nobody will see any more; `last` too, where the queue was closed before.
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

    /// The number of elements that wait.
    package var count: Int { monitor.withLock { elements.count } }
}
