public import LinearAlgebra

/// The mean and the centred second moment of x per class and component.
///
/// They are merged by Chan's formula (Chan, Golub, LeVeque 1979), never as E[x²]−E[x]²: that cancels when the mean is large.
public struct ClassMoments: ~Copyable {
    /// μ [d×C].
    public private(set) var mean: Matrix
    /// M2 [d×C]: Σ (x−μ)².
    public private(set) var m2: Matrix
    /// How far each component of M2 may be off because of removed rows, per class; empty if the error is negligible.
    public private(set) var errors: [[Double]] = []

    init(dimension: Int) throws(LinearAlgebraError) {
        let mean = try Matrix(rows: dimension, columns: 0)
        let m2 = try Matrix(rows: dimension, columns: 0)
        self.mean = mean
        self.m2 = m2
    }

    /// Their memory in doubles: μ, M2 and its error.
    static func doubles(dimension: Int, classes: Double) -> Double { 3 * Double(dimension) * classes }

    mutating func setClasses(_ count: Int) throws(LinearAlgebraError) {
        try mean.setColumns(count)
        try m2.setColumns(count)
        errors.removeLast(max(0, errors.count - count))
        errors.append(contentsOf: repeatElement([], count: count - errors.count))
    }

    /// The number of classes with moments.
    var classes: Int { max(mean.columns, m2.columns, errors.count) }

    /// Drops the classes from this column on.
    mutating func dropClasses(from count: Int) {
        mean.dropColumns(from: count)
        m2.dropColumns(from: count)
        errors.removeLast(max(0, errors.count - count))
    }

    /// Sets a class's moments from a snapshot.
    mutating func set(_ column: Int, mean newMean: UnsafeBufferPointer<Double>, m2 newM2: UnsafeBufferPointer<Double>) {
        mean.withMutableColumn(column) { _ = $0.update(fromContentsOf: newMean) }
        m2.withMutableColumn(column) { _ = $0.update(fromContentsOf: newM2) }
    }

    /// Adds a snapshot's errors of a class's second moments; nothing if empty.
    mutating func addErrors(_ other: some Collection<Double>, to column: Int) {
        guard !other.isEmpty, other.contains(where: { $0 > 0 }) else { return }
        precondition(other.count == mean.rows, "errors of another dimension")
        let mine = errors[column]
        errors[column] = zip(mine.isEmpty ? [Double](repeating: 0, count: mean.rows) : mine, other).map {
            min($0 + $1, SumLimits.secondMoment)
        }
    }

    /// Adds a class's rows to another's.
    ///
    /// - Parameter counts: n_c of both before.
    /// - Complexity: O(d).
    mutating func joinClass(_ joined: Int, into target: Int, counts: [Int]) {
        let (theirMean, theirM2) = (mean.withColumn(joined) { Array($0) }, m2.withColumn(joined) { Array($0) })
        theirMean.withUnsafeBufferPointer { mean in
            theirM2.withUnsafeBufferPointer { m2 in
                merge(count: counts[joined], mean: mean, m2: m2, column: target, count: counts[target])
            }
        }
        addErrors(errors[joined], to: target)
    }

    /// Merges rows of several classes, on several threads.
    ///
    /// - Parameters:
    ///   - groups: the rows of each class.
    ///   - x: rows one after another.
    ///   - counts: n_c before these rows.
    /// - Complexity: O(rows·d).
    mutating func merge(_ groups: ClassGroups, of x: UnsafeBufferPointer<Double>, counts: [Int]) {
        let dimension = mean.rows
        mean.withMutableElements { mean in
            m2.withMutableElements { m2 in
                groups.share(components: dimension, operations: Self.operations(dimension, groups)) { some, components in
                    for group in some {
                        let rows = groups.rows(of: group)
                        let first = group.column * dimension
                        Self.merge(
                            rows, of: x, components, dimension: dimension, before: counts[group.column], mean.baseAddress! + first,
                            m2.baseAddress! + first)
                    }
                }
            }
        }
    }

    /// Merges rows of one class in some of the components, up to four rows at a time, by their own mean and second moment.
    private static func merge(
        _ rows: ArraySlice<Int>, of x: UnsafeBufferPointer<Double>, _ components: Range<Int>, dimension: Int, before: Int,
        _ mean: UnsafeMutablePointer<Double>, _ m2: UnsafeMutablePointer<Double>
    ) {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * RowQuartet.stretch) { batch in
            let (batchMean, batchM2) = (batch.baseAddress!, batch.baseAddress! + RowQuartet.stretch)
            var (left, before) = (rows, Double(before))
            while !left.isEmpty {
                let quartet = RowQuartet(left, of: x, width: dimension)
                left = left.dropFirst(quartet.count)
                let added = Double(quartet.count)
                for start in stride(from: components.lowerBound, to: components.upperBound, by: RowQuartet.stretch) {
                    let count = min(RowQuartet.stretch, components.upperBound - start)
                    quartet.sum(from: start, count: count, times: 1 / added, into: batchMean)
                    quartet.squaredDeviations(from: batchMean, start: start, count: count, into: batchM2)
                    merge(before, mean + start, m2 + start, added, batchMean, batchM2, count: count)
                }
                before += added
            }
        }
    }

    /// Chan's merge of (n, μ, M2) with (k, mean, M2), component by component.
    private static func merge(
        _ before: Double, _ mean: UnsafeMutablePointer<Double>, _ m2: UnsafeMutablePointer<Double>, _ added: Double,
        _ batchMean: UnsafePointer<Double>, _ batchM2: UnsafePointer<Double>, count: Int
    ) {
        let (share, weight) = (added / (before + added), before * added / (before + added))
        for i in 0..<count {
            let delta = batchMean[i] - mean[i]
            mean[i] += delta * share
            m2[i] += batchM2[i] + delta * delta * weight
        }
    }

    /// Merges another model's moments of a class.
    mutating func merge(
        count other: Int, mean otherMean: UnsafeBufferPointer<Double>, m2 otherM2: UnsafeBufferPointer<Double>, column: Int, count: Int
    ) {
        guard other > 0 else { return }
        precondition(otherMean.count == mean.rows && otherM2.count == mean.rows, "moments of another dimension")
        mean.withMutableColumn(column) { mean in
            m2.withMutableColumn(column) { m2 in
                guard let mean = mean.baseAddress, let m2 = m2.baseAddress else { return }
                guard let otherMean = otherMean.baseAddress, let otherSums = otherM2.baseAddress else { return }
                Self.merge(Double(count), mean, m2, Double(other), otherMean, otherSums, count: otherM2.count)
            }
        }
    }

    /// Replaces the moments of the classes in `removal`.
    mutating func commit(_ removal: borrowing MomentRemoval) {
        for (place, column) in removal.columns.enumerated() {
            removal.mean.withColumn(place) { mean in removal.m2.withColumn(place) { m2 in set(column, mean: mean, m2: m2) } }
            errors[column] = removal.errors[place]
        }
    }

    /// Removes a class; those behind it move one place to the left.
    mutating func removeClass(_ column: Int) {
        mean.removeColumn(column)
        m2.removeColumn(column)
        errors.remove(at: column)
    }

    /// The approximate cost of merging rows, in operations at the rate of a matrix product. Merging is bound by memory.
    private static func operations(_ dimension: Int, _ groups: ClassGroups) -> Double {
        16 * Double(dimension) * Double(groups.order.count)
    }
}
