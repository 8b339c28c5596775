internal import LinearAlgebra

/// The rows of a block by their classes.
struct ClassGroups {
    /// A class, and where its rows stand in `order`.
    struct Group {
        var column: Int
        var places: Range<Int>
    }

    /// Row numbers sorted by class, in each class in order of arrival.
    private(set) var order: [Int] = []
    /// The classes that have rows, in ascending order.
    private(set) var all: [Group] = []

    /// Groups the rows of another block; memory of earlier ones is used again.
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

    /// The numbers of a class's rows.
    func rows(of group: Group) -> ArraySlice<Int> { order[group.places] }

    /// Calls `body` with groups and ranges of components that together cover all once, at once on several threads.
    ///
    /// Threads take classes where there are enough of about one size: a row then is read whole, as memory likes it. Pieces of rows, a
    /// kilobyte each, took twice the time on two threads that whole ones take on one.
    ///
    /// - Parameters:
    ///   - components: of each row.
    ///   - operations: of all calls together.
    ///   - body: must write nothing that belongs to another class, or to another component.
    func share(components: Int, operations: Double, _ body: (ArraySlice<Group>, Range<Int>) -> Void) {
        let largest = all.lazy.map(\.places.count).max() ?? 0
        if 8 * largest <= order.count {
            ComputeThreads.share(all.count, granule: 1, operations: operations) { body(all[$0], 0..<components) }
        } else {
            ComputeThreads.share(components, operations: operations) { body(all[...], $0) }
        }
    }
}
