internal import LinearAlgebra

/// The moments of some classes without some of their rows, beside those with them: rows whose going would take digits of the rest along
/// can be refused before anything has changed.
///
/// M2 is a difference here. It is off by ε times what it was before, however small it has become: a row of 10⁸ leaves nothing of the
/// deviations of rows around 1, even where a ridge is so large that the weights do not notice.
struct MomentRemoval: ~Copyable {
    /// The classes that lose rows, in ascending order.
    let columns: [Int]
    /// Their means without the rows, [d×k].
    private(set) var mean: Matrix
    /// Their second moments without the rows, [d×k].
    private(set) var m2: Matrix
    /// How far each component of M2 may be off; empty where none is off by more than shows anyway.
    private(set) var errors: [[Double]] = []
    /// The first class whose deviations would not be those of its rows.
    private(set) var uncertainColumn: Int?

    /// - Parameters:
    ///   - groups: the rows of each class.
    ///   - x: all rows, one after another.
    ///   - moments: those with the rows.
    ///   - counts: n_c with the rows.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(rows·d).
    init(
        _ groups: ClassGroups, of x: UnsafeBufferPointer<Double>, from moments: borrowing ClassMoments, counts: [Int]
    ) throws(LinearAlgebraError) {
        let dimension = moments.mean.rows
        let mean = try Matrix(rows: dimension, columns: groups.all.count)
        let m2 = try Matrix(rows: dimension, columns: groups.all.count)
        var batch = try Matrix(rows: dimension, columns: 2)
        columns = groups.all.map(\.column)
        self.mean = mean
        self.m2 = m2
        for (place, group) in groups.all.enumerated() {
            let rows = groups.rows(of: group)
            let left = counts[group.column] - rows.count
            guard left > 0 else {
                errors.append([])
                continue
            }
            Self.summarise(rows, of: x, into: &batch)
            let errors = remove(rows.count, batch, from: moments, group.column, left: left, at: place)
            self.errors.append(errors.kept)
            if !errors.areBorne, uncertainColumn == nil { uncertainColumn = group.column }
        }
    }

    /// The standard deviation is then right to 10⁻⁸ of itself.
    private static let relativeTolerance = 2e-8
    /// The standard deviation is then right to some 10⁻⁶ of what the rows' largest component is: a component in which the rest agree has no
    /// deviation to be relative to.
    private static let scaleTolerance = 1e-11
    /// What M2 may be off by, relative to what it is, without being remembered: the next removal counts its rounding anyway.
    private static let forgotten = 4 * Double.ulpOfOne
    /// The same in a component that is small beside the largest one, relative to that: no later removal that would let it show is borne.
    private static let forgottenShare = 0x1p-8

    /// Chan's merge solved for the part that stays.
    ///
    /// M2 is kept from falling below 0 by rounding; with one row left it is 0.
    private mutating func remove(
        _ removed: Int, _ batch: borrowing Matrix, from moments: borrowing ClassMoments, _ column: Int, left: Int, at place: Int
    ) -> (kept: [Double], areBorne: Bool) {
        let (removed, left) = (Double(removed), Double(left))
        let (share, weight, limit) = (removed / left, left * removed / (left + removed), FeatureLimits.largestMagnitude)
        let earlier = moments.errors[column]
        var errors = [Double](repeating: 0, count: mean.rows)
        var largest = 0.0
        for i in errors.indices {
            let (before, spread, batchMean) = (moments.mean[i, column], moments.m2[i, column], batch[i, 0])
            // Rows that were learned under another label may lead away from where any mean can be.
            let after = min(max(before + (before - batchMean) * share, -limit), limit)
            let delta = batchMean - after
            let rest = left > 1 ? max(0, spread - batch[i, 1] - delta * delta * weight) : 0
            mean[i, place] = after
            m2[i, place] = rest
            errors[i] = left > 1 ? Double.ulpOfOne * spread + (earlier.isEmpty ? 0 : earlier[i]) : 0
            largest = max(largest, rest + left * after * after)
        }
        var (areBorne, areAny) = (true, false)
        for i in errors.indices {
            let (error, rest) = (errors[i], m2[i, place])
            areBorne = areBorne && (error <= Self.scaleTolerance * largest || error <= Self.relativeTolerance * rest)
            if error <= Self.forgotten * max(rest, Self.forgottenShare * largest) { errors[i] = 0 } else { areAny = true }
        }
        return (areAny ? errors : [], areBorne)
    }

    /// Two passes over some rows: their mean and centred second moment, [d×2].
    private static func summarise(_ rows: ArraySlice<Int>, of x: UnsafeBufferPointer<Double>, into batch: inout Matrix) {
        let (dimension, count) = (batch.rows, Double(rows.count))
        batch.fill(0)
        batch.withMutableElements { batch in
            let (mean, m2) = (batch.baseAddress!, batch.baseAddress! + dimension)
            for row in rows { for i in 0..<dimension { mean[i] += x[row * dimension + i] } }
            for i in 0..<dimension { mean[i] /= count }
            for row in rows {
                for i in 0..<dimension {
                    let deviation = x[row * dimension + i] - mean[i]
                    m2[i] += deviation * deviation
                }
            }
        }
    }
}
