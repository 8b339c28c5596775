public import LinearAlgebra

/// Per class the mean and the centred second moment of x, componentwise.
///
/// They are merged by Chan's formula (Chan, Golub, LeVeque 1979), never as E[x²]−E[x]²: that cancels when the mean is large.
public struct ClassMoments: ~Copyable {
    /// μ [d×C].
    public private(set) var mean: Matrix
    /// M2 [d×C]: Σ (x−μ)².
    public private(set) var m2: Matrix
    private var batchMean: [Double]
    private var batchM2: [Double]

    init(dimension: Int) throws(LinearAlgebraError) {
        let mean = try Matrix(rows: dimension, columns: 0)
        let m2 = try Matrix(rows: dimension, columns: 0)
        self.mean = mean
        self.m2 = m2
        batchMean = [Double](repeating: 0, count: dimension)
        batchM2 = batchMean
    }

    mutating func setClasses(_ count: Int) throws(LinearAlgebraError) {
        try mean.setColumns(count)
        try m2.setColumns(count)
    }

    /// Sets a class's moments, as from a snapshot.
    mutating func set(_ column: Int, mean newMean: UnsafeBufferPointer<Double>, m2 newM2: UnsafeBufferPointer<Double>) {
        mean.withMutableColumn(column) { _ = $0.update(fromContentsOf: newMean) }
        m2.withMutableColumn(column) { _ = $0.update(fromContentsOf: newM2) }
    }

    /// Merges rows of several classes; threads share them.
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

    /// Merges rows of one class, in some of the components: up to four at a time, by their own mean and second moment.
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

    /// Chan's merge of (n, μ, M2) with (k, mean, M2), in as many components.
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

    /// Takes rows of one class out again: Chan's merge solved for the part that stays.
    ///
    /// M2 is kept from falling below 0 by rounding; with one row left it is 0, and with none the mean too.
    ///
    /// - Parameters: as of `merge`; `count` is n_c with these rows.
    mutating func remove(rows: some Collection<Int>, of x: UnsafeBufferPointer<Double>, column: Int, count: Int) {
        summarise(rows, of: x)
        let (removed, total) = (Double(rows.count), Double(count))
        let left = total - removed
        update(column) { mean, m2, batchMean, batchM2 in
            guard left > 0 else {
                mean = 0
                m2 = 0
                return
            }
            mean += (mean - batchMean) * (removed / left)
            let delta = batchMean - mean
            m2 = left > 1 ? max(0, m2 - batchM2 - delta * delta * (left * removed / total)) : 0
        }
    }

    /// Removes a class; those behind it move one place to the left.
    mutating func removeClass(_ column: Int) {
        mean.removeColumn(column)
        m2.removeColumn(column)
    }

    @inline(__always) private mutating func update(
        _ column: Int, _ body: (inout Double, inout Double, Double, Double) -> Void
    ) {
        let dimension = mean.rows
        batchMean.withUnsafeBufferPointer { batchMean in
            batchM2.withUnsafeBufferPointer { batchM2 in
                mean.withMutableColumn(column) { mean in
                    m2.withMutableColumn(column) { m2 in
                        for i in 0..<dimension { body(&mean[i], &m2[i], batchMean[i], batchM2[i]) }
                    }
                }
            }
        }
    }

    /// Two passes over some rows: their mean and centred second moment, in the buffers.
    private mutating func summarise(_ rows: some Collection<Int>, of x: UnsafeBufferPointer<Double>) {
        let (dimension, count) = (mean.rows, Double(rows.count))
        for i in 0..<dimension {
            batchMean[i] = 0
            batchM2[i] = 0
        }
        for row in rows { for i in 0..<dimension { batchMean[i] += x[row * dimension + i] } }
        for i in 0..<dimension { batchMean[i] /= count }
        for row in rows {
            for i in 0..<dimension {
                let deviation = x[row * dimension + i] - batchMean[i]
                batchM2[i] += deviation * deviation
            }
        }
    }

    /// About what merging rows costs, in operations at the rate of a matrix product: it is bound by memory.
    private static func operations(_ dimension: Int, _ groups: ClassGroups) -> Double {
        16 * Double(dimension) * Double(groups.order.count)
    }
}
