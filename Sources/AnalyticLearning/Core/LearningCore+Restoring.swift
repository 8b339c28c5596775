internal import LinearAlgebra

extension LearningCore {
    /// Loads a saved state into an empty core.
    ///
    /// - Parameters:
    ///   - state: has been checked.
    ///   - solvingAnew: whether weights that do not solve their equations are replaced instead of refused.
    /// - Throws: `RestoreError.residual`, or `LinearAlgebraError`; the core is then unusable.
    /// - Complexity: D³ multiply-adds, for R.
    mutating func restore(_ state: SavedState, solvingAnew: Bool) throws {
        let (dimension, classes) = (featureMap.dimension, state.labels.count)
        useBuffers()
        square.setGram(packedLower: state.gram)
        try truth.setClasses(classes)
        try view.reserve(rows: 0, classes: classes)
        truth.counts = state.counts
        truth.samples = state.samples
        truth.pastError = state.pastError
        truth.setCrossMoment(state.crossMoment)
        if let saved = state.rowSum {
            var sum = try truth.rowSum(adding: Array(saved))
            truth.exchangeRowSum(&sum)
        }
        for column in 0..<classes {
            let range = (column * dimension)..<((column + 1) * dimension)
            truth.moments.set(
                column, mean: UnsafeBufferPointer(rebasing: state.mean[range]), m2: UnsafeBufferPointer(rebasing: state.m2[range]))
            if let errors = state.momentErrors { truth.moments.addErrors(errors[range], to: column) }
        }
        var weights = try Matrix(rows: featureMap.width, columns: classes)
        weights.setRowMajor(state.weights)
        let residual = try relativeResidual(weights) { state.addIntercepts(to: &$0) }
        try view.solve(square: &square, truth: truth)
        var folded: Matrix?
        if let intercepts = state.intercepts {
            folded = try weights.copied()
            view.readout.intercept.fold(into: &weights, intercepts: intercepts, times: -1)
        }
        // For well-conditioned equations the residual of the solution computed here is negligible. Others may be lucky: their residual is
        // also accepted if it is no larger than rounding alone makes it.
        let isAccepted =
            try residual <= Conditioning.largestResidual || residual <= roundingResidual(of: weights)
            || residual <= 16 * relativeResidual(view.readout.weights)
        if isAccepted {
            view.readout.weights = weights
            if let saved = folded.take(), let intercepts = state.intercepts {
                restored = RestoredWeights(saved, intercepts: intercepts, revision: view.readout.revision)
            }
        } else if !solvingAnew {
            throw RestoreError.residual(residual)
        }
        restoreSketches(state.sketches, classes: classes)
    }

    private mutating func restoreSketches(_ sketches: SavedSketches, classes: Int) {
        switch sketches {
        case .none: return
        case .directions(let rows, let shrunk, let elements):
            var start = 0
            for (column, count) in rows.enumerated() {
                let end = start + count * featureMap.width
                truth.sketches.restore(column, rows: UnsafeBufferPointer(rebasing: elements[start..<end]), shrunk: shrunk[column])
                start = end
            }
        case .exact(let elements):
            let triangle = square.packedCount
            for column in 0..<classes {
                truth.sketches.add(
                    packedGram: UnsafeBufferPointer(rebasing: elements[(column * triangle)..<((column + 1) * triangle)]), to: column)
            }
        }
    }

    /// The relative residual of a solution whose backward error is a few roundings (Rigal and Gaches, J. ACM 14, 1967): what any stable
    /// solver leaves. Only ill-conditioned equations let it exceed `Conditioning.largestResidual`.
    private func roundingResidual(of weights: borrowing Matrix) -> Double {
        let norm = truth.crossMoment.frobeniusNorm
        guard norm > 0 else { return 0 }
        let rounding = 16 * Double(weights.rows) * .ulpOfOne
        // The trace is at least the Frobenius norm of a Gram matrix.
        return rounding * ((square.gramTrace + view.ridge) * weights.frobeniusNorm / norm + 1)
    }

    /// Solves the view again if its weights do not solve their equations as well as a saved state must.
    ///
    /// - Returns: whether the weights have changed.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: see `Classifier.prepareToSave`.
    mutating func prepareToSave() throws(LinearAlgebraError) -> Bool {
        guard isBehind || view.health.mayHaveResidual || !view.readout.weights.isFinite, truth.samples > 0 else { return false }
        if !isBehind, view.readout.weights.isFinite {
            flush()
            guard try relativeResidual(view.readout.weights) > Conditioning.largestResidual / 10 else { return false }
        }
        let solves = view.health.solves
        solve()
        return view.health.solves > solves
    }

    /// Solves the view again if its weights are not finite.
    ///
    /// - Returns: whether they are finite.
    mutating func makeWeightsFinite() -> Bool {
        if !view.readout.weights.isFinite { solve() }
        return view.readout.weights.isFinite
    }

    /// ‖(G+λI)W − Q‖ / ‖Q‖ in the Frobenius norm; 0 if both are 0.
    ///
    /// - Parameter complete: adds to the product what the weights lack, if they are W′.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: D²C multiply-adds.
    private func relativeResidual(
        _ weights: borrowing Matrix, completing complete: (inout Matrix) -> Void = { _ in }
    ) throws(LinearAlgebraError) -> Double {
        guard weights.columns > 0 else { return 0 }
        var product = try Matrix(rows: weights.rows, columns: weights.columns)
        try square.multiplyGram(weights, into: &product)
        complete(&product)
        return Self.relativeResidual(&product, weights, ridge: view.ridge, crossMoment: truth.crossMoment)
    }

    /// The same; `product` holds GW at first.
    static func relativeResidual(
        _ product: inout Matrix, _ weights: borrowing Matrix, ridge: Double, crossMoment: borrowing Matrix
    ) -> Double {
        product.add(weights, times: ridge)
        product.add(crossMoment, times: -1)
        let norm = crossMoment.frobeniusNorm
        let difference = product.frobeniusNorm
        return norm > 0 ? difference / norm : difference
    }
}
