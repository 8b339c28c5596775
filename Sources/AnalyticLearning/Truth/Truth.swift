public import LinearAlgebra

/// What a model has learned, as sums: counts, class moments and the cross moment Q. (The Gram matrix G, also a sum, lies in the square
/// that it shares with the view's R.)
///
/// Sums can be added, subtracted, solved again for another ridge, and audited. Nothing in here is ever derived from the view.
public struct Truth: ~Copyable {
    /// Q = Σ hyᵀ [D×C].
    public internal(set) var crossMoment: Matrix
    /// n_c.
    public internal(set) var counts: [Int]
    /// μ_c and M2_c, in the space of x.
    public internal(set) var moments: ClassMoments
    /// All rows in G, those of no class included.
    public internal(set) var samples: Int

    init(width: Int, dimension: Int) throws(LinearAlgebraError) {
        let crossMoment = try Matrix(rows: width, columns: 0)
        let moments = try ClassMoments(dimension: dimension)
        self.crossMoment = crossMoment
        self.moments = moments
        counts = []
        samples = 0
    }

    mutating func setClasses(_ count: Int) throws(LinearAlgebraError) {
        try crossMoment.setColumns(count)
        try moments.setClasses(count)
        counts.append(contentsOf: repeatElement(0, count: max(0, count - counts.count)))
        counts.removeLast(counts.count - count)
    }

    /// Adds a block to Q, the counts and the moments. G takes the same rows by a rank update of its own.
    ///
    /// - Parameters:
    ///   - x: the rows as they came.
    ///   - h: the same rows after the map, [D×n].
    ///   - columns: the class of each row.
    ///   - order: row numbers sorted by class; overwritten.
    /// - Complexity: O(n·(d + D)).
    mutating func add(x: UnsafeBufferPointer<Double>, h: borrowing Matrix, columns: ArraySlice<Int>, order: inout [Int]) {
        let first = columns.startIndex
        for (row, column) in columns.enumerated() {
            h.withColumn(row) { values in
                crossMoment.withMutableColumn(column) { sum in
                    for i in 0..<values.count { sum[i] += values[i] }
                }
            }
        }
        order.removeAll(keepingCapacity: true)
        order.append(contentsOf: 0..<columns.count)
        order.sort { (columns[first + $0], $0) < (columns[first + $1], $1) }
        var start = 0
        while start < order.count {
            let column = columns[first + order[start]]
            var end = start + 1
            while end < order.count, columns[first + order[end]] == column { end += 1 }
            moments.merge(rows: order[start..<end], of: x, column: column, count: counts[column])
            counts[column] += end - start
            start = end
        }
        samples += columns.count
    }
}
