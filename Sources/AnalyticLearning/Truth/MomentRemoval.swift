internal import LinearAlgebra

/// The moments of some classes without some of their rows, computed beside the current ones: rows whose removal would cost the
/// others digits can be refused before anything changes.
///
/// M2 is a difference here. Its error is ε times its former value, however small it has become: removing a row of 10⁸ destroys
/// the deviations of rows around 1, even if a large ridge hides that from the weights.
struct MomentRemoval: ~Copyable {
    /// The classes that lose rows, in ascending order.
    let columns: [Int]
    /// Their means without the rows, [d×k].
    private(set) var mean: Matrix
    /// Their second moments without the rows, [d×k].
    private(set) var m2: Matrix
    /// How far each component of M2 may be off; empty if the error is negligible.
    private(set) var errors: [[Double]] = []
    /// The first class whose deviations would be wrong.
    private(set) var uncertainColumn: Int?

    /// - Parameters:
    ///   - groups: the rows of each class.
    ///   - x: all rows, one after another.
    ///   - moments: the moments with the rows.
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

    /// The standard deviation then has a relative error of at most 10⁻⁸.
    private static let relativeTolerance = 2e-8
    /// The standard deviation then has an error of about 10⁻⁶ of the rows' largest component. A component in which all other
    /// rows agree has no deviation to be relative to.
    private static let scaleTolerance = 1e-11
    /// The relative error of M2 that need not be recorded: the next removal counts its rounding anyway.
    private static let forgotten = 4 * Double.ulpOfOne
    /// The same for a component that is small compared with the largest, relative to that: any later removal that would expose it
    /// is refused.
    private static let forgottenShare = 0x1p-8

    /// Chan's merge solved for the rows that stay.
    ///
    /// M2 is kept from rounding below 0; with one row left it is 0.
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
            // Rows learned under another label may push the mean beyond any possible value.
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

    /// Computes the mean and the centred second moment of some rows in two passes, [d×2].
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
