/// The columns with the highest scores.
enum TopClasses {
    /// Up to this many are kept sorted during one pass over the scores.
    static let few = 32

    /// Selects the best columns in descending order of score; of equal scores, the earlier column comes first.
    ///
    /// - Parameters:
    ///   - wanted: the number of columns to select, at least 1 and at most `count`.
    ///   - count: the number of columns, at least 1, as a `Scorer` has.
    ///   - order: receives the columns; its memory is reused.
    /// - Returns: the best column.
    /// - Complexity: O(count) for one, O(count·wanted) for a few, O(count·log count) for more.
    @discardableResult
    static func select<Score: Comparable>(_ wanted: Int, of count: Int, into order: inout [Int], score: (Int) -> Score) -> Int {
        order.removeAll(keepingCapacity: true)
        guard wanted <= few else {
            order.append(contentsOf: 0..<count)
            order.sort { (score($1), $0) < (score($0), $1) }
            order.removeLast(count - min(wanted, count))
            return order.first ?? 0
        }
        for column in 0..<count {
            let value = score(column)
            var place = order.count
            while place > 0, score(order[place - 1]) < value { place -= 1 }
            guard place < wanted else { continue }
            if order.count == wanted { order.removeLast() }
            order.insert(column, at: place)
        }
        return order.first ?? 0
    }
}
