internal import LinearAlgebra

extension LearningCore {
    /// Why rows cannot be unlearned; the state is unchanged.
    enum RemovalError: Error {
        /// Without them G would not be a Gram matrix.
        case neverLearned
        /// They have cost all other rows digits.
        case inexact(SumError)
        /// They have cost their class's other rows digits.
        case inexactMoments(column: Int)
        /// Out of memory.
        case solver(LinearAlgebraError)
    }

    /// The result of unlearning.
    struct Removal {
        /// The columns of classes whose sketches still contain the rows, ascending.
        let staleSketches: [Int]
        /// Whether the view was solved again.
        let solvedAnew: Bool
    }

    /// Unlearns rows, as if they had never been learned: all of them, or none. No class may lose more rows than it has.
    ///
    /// A class left without rows stays, at zero.
    ///
    /// - Throws: `RemovalError`.
    /// - Complexity: 4D²n multiply-adds; D²n + 7D³/6 and memory for one more D×D square if the view is solved again.
    mutating func unlearn(_ rows: LabelledRows) throws(RemovalError) -> Removal {
        flush()
        // Without any rows the sums are empty and exactly zero.
        let pastError = rows.count < truth.samples ? gramError : 0
        let moments = try moments(without: rows)
        let isDowndated = try takeFromSquare(rows, pastError)
        var stale: Set<Int> = []
        let solves = view.health.solves
        // All memory is reserved, and the map throws only for lack of it.
        step { (core) throws(LinearAlgebraError) in
            try rows.forEachPart(of: core.view.cost.blockRows) { (part) throws(LinearAlgebraError) in
                try core.withMapped(part.features) { core, h in stale.formUnion(core.truth.subtract(part, h)) }
            }
            core.truth.moments.commit(moments)
            core.truth.pastError = pastError
            try core.followRemoval(isDowndated: isDowndated)
            return .together
        }
        for column in Set(rows.columns) where truth.counts[column] == 0 { view.clearClass(column) }
        return Removal(
            staleSketches: stale.filter { truth.counts[$0] > 0 }.sorted(),
            solvedAnew: !isDowndated || truth.samples == 0 || view.health.solves > solves)
    }

    /// The moments of the classes that lose rows, as they will be afterwards.
    private mutating func moments(without rows: LabelledRows) throws(RemovalError) -> MomentRemoval {
        let removal: MomentRemoval
        do throws(LinearAlgebraError) {
            removal = try truth.moments(without: rows)
        } catch {
            throw .solver(error)
        }
        if let column = removal.uncertainColumn { throw .inexactMoments(column: column) }
        return removal
    }

    /// Subtracts rows from G, and from R and W by a downdate if that is well conditioned and exact; the rest of the truth still has
    /// them.
    ///
    /// - Returns: whether R and W are those of the remaining rows.
    private mutating func takeFromSquare(_ rows: LabelledRows, _ pastError: Double) throws(RemovalError) -> Bool {
        try prepare { (core) throws(RemovalError) in
            let inexact: SumError?
            do throws(LinearAlgebraError) {
                let count = min(rows.count, core.view.cost.blockRows)
                try core.reserveMapped(rows: count)
                try core.view.reserve(rows: count, classes: core.truth.counts.count)
                try core.truth.sketches.reserve(rows: count, columns: EmptyCollection())
                switch try core.downdate(rows, pastError) {
                case .done: return true
                case .illConditioned: inexact = try core.takeFromCopy(rows, pastError)
                case .inexact(let error): inexact = error
                }
            } catch {
                throw error == .notPositiveDefinite ? .neverLearned : .solver(error)
            }
            if let inexact { throw .inexact(inexact) }
            return false
        }
    }

    /// Downdates R, W and G if that is well conditioned and exact.
    private mutating func downdate(_ rows: LabelledRows, _ pastError: Double) throws(LinearAlgebraError) -> RecursiveView.Downdate {
        guard rows.count <= view.cost.blockRows, rows.count < truth.samples, !isBehind, !view.health.isTruncated else {
            return .illConditioned
        }
        return try withMapped(rows.features) { (core, h) throws(LinearAlgebraError) in
            try core.view.unlearn(h: h, columns: rows.columns, square: &core.square, pastError: pastError)
        }
    }

    /// Subtracts rows from a copy of G, and replaces G by it if it still is the Gram matrix of the remaining rows.
    ///
    /// - Returns: the error, if it is too large; nothing has changed then.
    /// - Throws: `LinearAlgebraError.notPositiveDefinite` if the copy is no Gram matrix; nothing has changed then.
    private mutating func takeFromCopy(_ rows: LabelledRows, _ pastError: Double) throws(LinearAlgebraError) -> SumError? {
        var rest = try NormalEquations(gramOf: square)
        // Rounding in G's sums moves its eigenvalues by a few ε of the largest; the ridge is usually far above that.
        let rounding = 64 * Double.ulpOfOne * rest.trace
        try rows.forEachPart(of: view.cost.blockRows) { (part) throws(LinearAlgebraError) in
            try withMapped(part.features) { _, h in rest.add(h, times: -1) }
        }
        let trace = rest.trace
        let inverseNorm = try rest.factoredInverseNorm(shift: view.ridge + rounding)
        let error = SumError(past: pastError, trace: trace, inverseNorm: inverseNorm)
        guard !error.isInexact || rows.count == truth.samples else { return error }
        square.setGram(rest)
        return nil
    }

    /// Updates the view for a truth that has lost rows.
    private mutating func followRemoval(isDowndated: Bool) throws(LinearAlgebraError) {
        guard truth.samples > 0 else {
            // Empty sums are exactly zero, whatever rounding has left in them.
            view.reset(square: &square)
            truth.clearRowSum()
            truth.pastError = 0
            return
        }
        guard isDowndated else { return try view.solve(square: &square, truth: truth) }
        // A downdate, unlike learning, loses digits: it is always probed, and against a narrower bound.
        try view.probe(square: &square, truth: truth, bound: view.health.driftBound(1e-10))
    }
}
