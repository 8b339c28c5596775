/// A first-in, first-out buffer that grows, and keeps no taken element alive.
///
/// Appending and taking are O(1), amortised. A long buffer returns its memory when it becomes empty.
package struct RingBuffer<Element> {
    /// Empty, or a power of two of places.
    private var places: [Element?] = []
    private var head = 0
    package private(set) var count = 0

    package init() {}

    /// The element that is taken next.
    package var first: Element? { count > 0 ? places[head] : nil }

    package mutating func append(_ element: Element) {
        if count == places.count { grow() }
        places[(head + count) & (places.count - 1)] = element
        count += 1
    }

    package mutating func removeFirst() -> Element? {
        guard count > 0 else { return nil }
        defer {
            places[head] = nil
            head = (head + 1) & (places.count - 1)
            count -= 1
            if count == 0, places.count > Self.keptPlaces { self = RingBuffer() }
        }
        return places[head]
    }

    /// Empties the buffer.
    ///
    /// - Returns: its elements, in order.
    package mutating func removeAll() -> [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(count)
        while let next = removeFirst() { elements.append(next) }
        return elements
    }

    private static var keptPlaces: Int { 1024 }

    private mutating func grow() {
        var larger: [Element?] = []
        larger.reserveCapacity(max(4, 2 * places.count))
        for index in 0..<count { larger.append(places[(head + index) & (places.count - 1)]) }
        larger.append(contentsOf: repeatElement(nil, count: max(4, 2 * places.count) - count))
        (places, head) = (larger, 0)
    }
}
