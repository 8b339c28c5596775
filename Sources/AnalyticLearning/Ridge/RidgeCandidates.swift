internal import LinearAlgebra

/// The weights of one state of the truth for several ridges: immutable, shareable between threads.
public final class RidgeCandidates: Sendable {
    /// The ridges, in ascending order.
    public let ridges: [Double]
    /// The classes known then: the first columns of the model.
    public let classCount: Int
    /// The rows of the state, including rows of no class.
    public let samples: Int
    /// See `Classifier.epoch`.
    let epoch: Int
    /// The candidate next to the minimum of generalised cross-validation.
    let preferred: Double
    /// W for each ridge, one after another [D × ridges·classes].
    private let weights: Matrix
    /// b for each of its columns; empty without intercepts.
    private let intercepts: [Double]

    /// Candidates around the ridge of a curve's minimum.
    static let count = 7

    /// - Parameters:
    ///   - found: at least one ridge, and the weights.
    ///   - minimum: of generalised cross-validation.
    init(_ found: consuming RidgeWeights, minimum: Double, classCount: Int, samples: Int, epoch: Int) {
        let ridges = found.ridges
        precondition(!ridges.isEmpty && found.weights.columns == ridges.count * classCount, "weights of another shape")
        preferred = ridges.min { abs($0 - minimum) / $0 < abs($1 - minimum) / $1 } ?? minimum
        self.ridges = ridges
        self.classCount = classCount
        self.samples = samples
        self.epoch = epoch
        intercepts = found.intercepts
        weights = found.weights
    }

    /// Their memory in doubles, with the reference.
    static func doubles(width: Int, classes: Double) -> Double { Double(width) * Double(count + 1) * classes }

    /// The ridges to try: half decades 10^(k/2) around a centre, and the ridge in force.
    ///
    /// The centre is the minimum of generalised cross-validation, unless the ridge in force lies within the range around it: then rows
    /// have spoken for that one, and the best may lie beyond the range.
    ///
    /// - Parameters:
    ///   - minimum: the curve's.
    ///   - current: the ridge in force.
    static func ridges(around minimum: Double, current: Double) -> [Double] {
        let reach = count / 2
        let (best, own) = (HalfDecade.nearest(minimum), HalfDecade.nearest(current))
        let centre = abs(own - best) <= reach ? own : best
        let steps = (centre - reach)...(centre + reach)
        var ridges = steps.map(HalfDecade.ridge)
        // The ridge in force stands for the half decade next to it.
        if steps.contains(own) { ridges.removeAll { $0 == HalfDecade.ridge(own) } }
        return (ridges.filter { $0.isFinite && $0 > 0 } + [current]).sorted()
    }

    /// The scores of some rows for each ridge and class.
    ///
    /// - Parameters:
    ///   - h: Hᵀ [D×n].
    ///   - scores: overwritten [n × ridges·classes].
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: 2DCn operations for each ridge.
    func score(_ h: borrowing Matrix, into scores: inout Matrix) throws(LinearAlgebraError) {
        try scores.reshapeScratch(rows: h.columns, columns: weights.columns)
        scores.multiply(h, transposed: true, by: weights)
        scores.addToColumns(intercepts)
    }
}
