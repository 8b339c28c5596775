/// The columns with the highest scores.
enum TopClasses {
    /// At least this many candidates are collected before the worse ones are dropped.
    private static let least = 64

    /// Selects the best columns in descending order of score; of equal scores, the earlier column comes first.
    ///
    /// - Parameters:
    ///   - wanted: the number of columns to select, at least 1 and at most `count`.
    ///   - count: the number of columns, at least 1, as a `Scorer` has.
    ///   - order: receives the columns; its memory is reused.
    ///   - score: the score of a column, never NaN.
    /// - Returns: the best column.
    /// - Complexity: O(count + wanted·log wanted); in the worst order of the scores the selection takes O(count·log wanted).
    @discardableResult
    static func select<Score: Comparable>(_ wanted: Int, of count: Int, into order: inout [Int], score: (Int) -> Score) -> Int {
        order.removeAll(keepingCapacity: true)
        guard wanted > 1, count > 1 else {
            let best = best(of: count, score)
            order.append(best)
            return best
        }
        gather(min(wanted, count), of: count, into: &order, score)
        order.sort { precedes($0, $1, score) }
        return order[0]
    }

    /// Whether a column comes before another in the result: a strict order of all columns.
    @inline(__always)
    private static func precedes<Score: Comparable>(_ column: Int, _ other: Int, _ score: (Int) -> Score) -> Bool {
        let (left, right) = (score(column), score(other))
        return left > right || (left == right && column < other)
    }

    private static func best<Score: Comparable>(of count: Int, _ score: (Int) -> Score) -> Int {
        var (best, highest) = (0, score(0))
        for column in 1..<max(1, count) {
            let value = score(column)
            if value > highest { (best, highest) = (column, value) }
        }
        return best
    }

    /// Finds the best columns, in any order: collects up to twice as many, drops the worse half, and goes on with those that beat the
    /// worst of the better half. So most columns cost one comparison, and in the worst order each is dropped once.
    private static func gather<Score: Comparable>(_ wanted: Int, of count: Int, into order: inout [Int], _ score: (Int) -> Score) {
        let room = wanted > count / 2 ? count : min(count, max(2 * wanted, least))
        order.append(contentsOf: 0..<room)
        keepBest(wanted, of: &order, score)
        var worst = score(order[wanted - 1])
        for column in room..<count {
            // Of equal scores the earlier column stays.
            guard score(column) > worst else { continue }
            order.append(column)
            guard order.count == room else { continue }
            keepBest(wanted, of: &order, score)
            worst = score(order[wanted - 1])
        }
        keepBest(wanted, of: &order, score)
    }

    /// Keeps the best of the columns in `order`, the worst of them last: Hoare's selection, which sorts instead if it does not get on.
    ///
    /// - Complexity: O(n) for usual scores, and never more than O(n·log n).
    private static func keepBest<Score: Comparable>(_ wanted: Int, of order: inout [Int], _ score: (Int) -> Score) {
        guard order.count > wanted else { return }
        order.withUnsafeMutableBufferPointer { order in
            // The column at `wanted - 1` lies in this range; all before it precede it, all behind it follow.
            var (low, high) = (0, order.count - 1)
            var turns = 2 * (Int.bitWidth - order.count.leadingZeroBitCount)
            while low < high {
                guard turns > 0 else { return order[low...high].sort { precedes($0, $1, score) } }
                turns -= 1
                let pivot = median(order[low], order[(low + high) / 2], order[high], score)
                var (left, right) = (low, high)
                while left <= right {
                    while precedes(order[left], pivot, score) { left += 1 }
                    while precedes(pivot, order[right], score) { right -= 1 }
                    guard left <= right else { break }
                    order.swapAt(left, right)
                    left += 1
                    right -= 1
                }
                // Columns between both ends are the pivot alone.
                if wanted - 1 <= right {
                    high = right
                } else if wanted - 1 >= left {
                    low = left
                } else {
                    return
                }
            }
        }
        order.removeLast(order.count - wanted)
    }

    private static func median<Score: Comparable>(_ a: Int, _ b: Int, _ c: Int, _ score: (Int) -> Score) -> Int {
        if precedes(a, b, score) { return precedes(b, c, score) ? b : precedes(a, c, score) ? c : a }
        return precedes(a, c, score) ? a : precedes(b, c, score) ? c : b
    }
}
