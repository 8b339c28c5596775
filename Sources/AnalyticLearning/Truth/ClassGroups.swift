internal import LinearAlgebra

/// The rows of a block, grouped by class.
struct ClassGroups {
    /// A class, and the positions of its rows in `order`.
    struct Group {
        var column: Int
        var places: Range<Int>
    }

    /// Row indices sorted by class, then by order of arrival.
    private(set) var order: [Int] = []
    /// The classes that have rows, in ascending order.
    private(set) var all: [Group] = []

    /// Groups the rows of another block, reusing memory.
    ///
    /// - Parameter columns: the class of each row.
    /// - Complexity: O(n log n).
    mutating func set(_ columns: ArraySlice<Int>) {
        let first = columns.startIndex
        order.removeAll(keepingCapacity: true)
        all.removeAll(keepingCapacity: true)
        order.append(contentsOf: 0..<columns.count)
        order.sort { (columns[first + $0], $0) < (columns[first + $1], $1) }
        var start = 0
        while start < order.count {
            let column = columns[first + order[start]]
            var end = start + 1
            while end < order.count, columns[first + order[end]] == column { end += 1 }
            all.append(Group(column: column, places: start..<end))
            start = end
        }
    }

    /// The indices of a class's rows.
    func rows(of group: Group) -> ArraySlice<Int> { order[group.places] }

    /// Calls `body`, on several threads, with groups and ranges of components that together cover each pair once.
    ///
    /// If there are enough classes of similar size, threads take whole classes, so each row is read sequentially. Pieces of rows, a
    /// kilobyte each, took twice as long on two threads as whole rows on one.
    ///
    /// - Parameters:
    ///   - components: components per row.
    ///   - operations: operations of all calls together.
    ///   - body: must write only to its own class and components.
    func share(components: Int, operations: Double, _ body: (ArraySlice<Group>, Range<Int>) -> Void) {
        let largest = all.lazy.map(\.places.count).max() ?? 0
        if 8 * largest <= order.count {
            ComputeThreads.share(all.count, granule: 1, operations: operations) { body(all[$0], 0..<components) }
        } else {
            ComputeThreads.share(components, operations: operations) { body(all[...], $0) }
        }
    }
}
