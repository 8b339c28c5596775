internal import LinearAlgebra

/// What a model has learned, as sums: counts, class moments and the cross moment Q. (The Gram matrix G, also a sum, is stored in
/// the square that it shares with the view's R.)
///
/// Sums can be added, subtracted, solved again for another ridge, and audited. Nothing here is ever derived from the view.
struct Truth: ~Copyable {
    /// Q = Σ hyᵀ [D×C].
    var crossMoment: Matrix
    /// What the sums in Q have lost to rounding [D×C], if G is compensated too; otherwise without columns. Not saved in snapshots,
    /// like G's.
    private(set) var crossMomentRest: Matrix
    /// s = Σh over all rows in G [D×1]; without columns if the model has no intercept.
    private(set) var rowSum: Matrix
    /// n_c.
    var counts: [Int]
    /// μ_c and M2_c, in the space of x.
    var moments: ClassMoments
    /// All rows in G, including rows of no class.
    var samples: Int
    /// The sketches of each class's own Gram matrix.
    var sketches: ClassSketches
    /// The bound of the rounding errors that earlier states have left in G: see `SumError`. 0 while no state was larger than this
    /// one.
    var pastError = 0.0
    /// The rows of one block, grouped by class.
    private var groups = ClassGroups()

    /// Without compensation in G, compensating Q would gain nothing.
    private var isCompensated: Bool { SymmetricPair.isCompensated(dimension: crossMoment.rows) }

    init(width: Int, dimension: Int, sketchRank: SketchRank, hasRowSum: Bool) throws(LinearAlgebraError) {
        let crossMoment = try Matrix(rows: width, columns: 0)
        let crossMomentRest = try Matrix(rows: width, columns: 0)
        let rowSum = try Matrix(rows: width, columns: hasRowSum ? 1 : 0)
        let moments = try ClassMoments(dimension: dimension)
        let sketches = try ClassSketches(width: width, rank: sketchRank)
        self.crossMoment = crossMoment
        self.crossMomentRest = crossMomentRest
        self.rowSum = rowSum
        self.moments = moments
        self.sketches = sketches
        counts = []
        samples = 0
    }

    /// The memory besides the sketches, in doubles: Q, its compensation, and the moments.
    static func doubles(width: Int, dimension: Int, classes: Double) -> Double {
        let sums = SymmetricPair.isCompensated(dimension: width) ? 2.0 : 1
        return sums * Double(width) * classes + ClassMoments.doubles(dimension: dimension, classes: classes)
    }

    mutating func setClasses(_ count: Int) throws(LinearAlgebraError) {
        try crossMoment.setColumns(count)
        if isCompensated { try crossMomentRest.setColumns(count) }
        try moments.setClasses(count)
        try sketches.setClasses(count)
        counts.append(contentsOf: repeatElement(0, count: max(0, count - counts.count)))
        counts.removeLast(counts.count - count)
    }

    /// Forgets classes that were reserved and have learned nothing.
    mutating func dropClasses(from count: Int) {
        guard counts.count > count || crossMoment.columns > count || moments.classes > count || sketches.classes > count else { return }
        crossMoment.dropColumns(from: count)
        crossMomentRest.dropColumns(from: count)
        moments.dropClasses(from: count)
        sketches.dropClasses(from: count)
        counts.removeLast(max(0, counts.count - count))
    }

    /// Adds a block to Q, s, the counts, the moments and the sketches. The caller adds the same rows to G by a rank update.
    ///
    /// - Parameters:
    ///   - rows: the unmapped rows.
    ///   - h: the same rows after the map, [D×n].
    /// - Complexity: O(n·(d + D)).
    mutating func add(_ rows: LabelledRows, _ h: borrowing Matrix) {
        groups.set(rows.columns)
        moments.merge(groups, of: rows.features, counts: counts)
        addToCrossMoment(h, times: 1)
        addToRowSum(h, times: 1)
        for group in groups.all {
            let rows = groups.rows(of: group)
            sketches.add(h, rows: rows, column: group.column)
            counts[group.column] += rows.count
        }
        samples += rows.count
    }

    /// The moments of the classes that lose rows, as they will be without them.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(rows·d).
    mutating func moments(without rows: LabelledRows) throws(LinearAlgebraError) -> MomentRemoval {
        groups.set(rows.columns)
        return try MomentRemoval(groups, of: rows.features, from: moments, counts: counts)
    }

    /// Subtracts a block from Q, s, the counts and the sketches; the caller has checked that no count falls below 0. The caller
    /// subtracts the same rows from G by a rank update, and from the moments by `MomentRemoval`.
    ///
    /// A class left without rows ends as if it had never had any.
    ///
    /// - Parameters: as in `add`.
    /// - Returns: the classes whose sketches still contain the rows, in ascending order.
    mutating func subtract(_ rows: LabelledRows, _ h: borrowing Matrix) -> [Int] {
        groups.set(rows.columns)
        addToCrossMoment(h, times: -1)
        addToRowSum(h, times: -1)
        var stale: [Int] = []
        for group in groups.all {
            let (column, rows) = (group.column, groups.rows(of: group))
            counts[column] -= rows.count
            if counts[column] == 0 {
                crossMoment.withMutableColumn(column) { $0.update(repeating: 0) }
                if isCompensated { crossMomentRest.withMutableColumn(column) { $0.update(repeating: 0) } }
                sketches.clear(column)
            } else if !sketches.subtract(h, rows: rows, column: column) {
                stale.append(column)
            }
        }
        samples -= rows.count
        return stale
    }

    /// Deletes a class; its rows stay in G, in s and in `samples`, as rows of no class.
    mutating func removeClass(_ column: Int) {
        crossMoment.removeColumn(column)
        if isCompensated { crossMomentRest.removeColumn(column) }
        moments.removeClass(column)
        sketches.remove(column)
        counts.remove(at: column)
    }

    /// Adds a class's sums to another's, and removes it. G and `samples` have its rows already.
    ///
    /// - Precondition: there is room in the sketches, see `ClassSketches.reserve`.
    /// - Complexity: O((D + d)·C); with sketches, a rotation of each of their rows.
    mutating func joinClass(_ joined: Int, into target: Int) {
        if isCompensated {
            let width = crossMoment.rows
            crossMoment.withMutableElements { sums in
                crossMomentRest.withMutableElements { rests in
                    for row in 0..<width {
                        let (from, to) = (joined * width + row, target * width + row)
                        CompensatedKernel.add(sums[from], to: &sums[to], &rests[to])
                        rests[to] += rests[from]
                    }
                }
            }
        } else {
            crossMoment.addColumn(joined, to: target)
        }
        moments.joinClass(joined, into: target, counts: counts)
        sketches.join(joined, into: target)
        counts[target] += counts[joined]
        removeClass(joined)
    }

    /// Copies of Q and its compensation, with another model's cross moment added to some classes.
    ///
    /// - Parameters:
    ///   - other: D×C′.
    ///   - columns: the class of each of its columns.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    func crossMoment(
        adding other: borrowing Matrix, to columns: [Int]
    ) throws(LinearAlgebraError) -> CrossMoment {
        var sums = try crossMoment.copied()
        var rest = try crossMomentRest.copied()
        for (source, column) in columns.enumerated() {
            other.withColumn(source) { values in
                sums.withMutableColumn(column) { sums in
                    guard isCompensated else {
                        for i in sums.indices { sums[i] += values[i] }
                        return
                    }
                    rest.withMutableColumn(column) { rest in
                        for i in sums.indices { CompensatedKernel.add(values[i], to: &sums[i], &rest[i]) }
                    }
                }
            }
        }
        return CrossMoment(sums: sums, rest: rest)
    }

    /// Q and its compensation, outside the truth.
    struct CrossMoment: ~Copyable {
        var sums: Matrix
        var rest: Matrix
    }

    /// Swaps in the result of `crossMoment(adding:to:)`.
    mutating func exchangeCrossMoment(_ other: inout CrossMoment) {
        swap(&crossMoment, &other.sums)
        swap(&crossMomentRest, &other.rest)
    }

    /// Sets Q from a snapshot, [D×C] row after row.
    mutating func setCrossMoment(_ elements: UnsafeBufferPointer<Double>) {
        crossMoment.setRowMajor(elements)
        crossMomentRest.fill(0)
    }

    /// A copy of s with another model's added.
    ///
    /// - Parameter other: D values; nothing is added if the model has no intercept.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    func rowSum(adding other: [Double]) throws(LinearAlgebraError) -> Matrix {
        var sum = try rowSum.copied()
        guard sum.columns > 0 else { return sum }
        sum.withMutableColumn(0) { sum in
            for index in sum.indices { sum[index] += other[index] }
        }
        return sum
    }

    /// Swaps in the result of `rowSum(adding:)`.
    mutating func exchangeRowSum(_ other: inout Matrix) { swap(&rowSum, &other) }

    /// Sets s to exactly zero: no rows are left.
    mutating func clearRowSum() { rowSum.fill(0) }

    /// s ← s + αΣh.
    private mutating func addToRowSum(_ h: borrowing Matrix, times factor: Double) {
        guard rowSum.columns > 0 else { return }
        rowSum.withMutableColumn(0) { sum in
            for row in 0..<h.columns {
                h.withColumn(row) { h in
                    for index in sum.indices { sum[index] += factor * h[index] }
                }
            }
        }
    }

    /// Q ← Q + αHᵀY for the rows in `groups`.
    private mutating func addToCrossMoment(_ h: borrowing Matrix, times factor: Double) {
        let (width, groups) = (crossMoment.rows, groups)
        let operations = 16 * Double(width) * Double(groups.order.count)
        h.withElements { values in
            crossMoment.withMutableElements { sums in
                crossMomentRest.withMutableElements { rests in
                    groups.share(components: width, operations: operations) { some, components in
                        for group in some {
                            CompensatedKernel.add(
                                rows: groups.rows(of: group), of: values, width: width, components: components, times: factor,
                                to: sums, rests, at: group.column * width)
                        }
                    }
                }
            }
        }
    }
}
