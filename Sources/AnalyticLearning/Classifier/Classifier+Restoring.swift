public import LinearAlgebra

extension Classifier {
    /// A classifier that goes on from a saved state, with the saved weights bit for bit.
    ///
    /// The weights must solve their own equations: to `Conditioning.largestResidual`, or as well as a solution made here where the equations are too
    /// ill-conditioned for that.
    ///
    /// - Parameter solvingAnew: whether weights that do not are replaced by a solution from the truth, and not refused. For a state whose
    ///   sums are known to be whole: the weights are a view of them.
    /// - Throws: `RestoreError` where the state contradicts itself, `ConfigurationError`, or `LinearAlgebraError`.
    /// - Complexity: D³ multiply-adds, for R.
    public convenience init(restoring state: SavedState, solvingAnew: Bool = false) throws {
        try state.configuration.validate()
        let (dimension, width, classes) = (state.configuration.dimension, state.configuration.width, state.labels.count)
        try state.check(dimension: dimension, width: width)
        var map: FeatureMap?
        if let projection = state.projection {
            map = .randomRelu(try RandomProjection(inputs: dimension, outputs: width, elements: projection))
        }
        try self.init(state.configuration, featureMap: map)
        for label in state.labels { _ = registry.intern(label) }
        square.setGram(packedLower: state.gram)
        try truth.setClasses(classes)
        try view.reserve(rows: 0, classes: classes)
        truth.counts = state.counts
        truth.samples = state.samples
        truth.pastError = state.pastError
        truth.setCrossMoment(state.crossMoment)
        for column in 0..<classes {
            let range = (column * dimension)..<((column + 1) * dimension)
            truth.moments.set(
                column, mean: UnsafeBufferPointer(rebasing: state.mean[range]), m2: UnsafeBufferPointer(rebasing: state.m2[range]))
            if let errors = state.momentErrors { truth.moments.addErrors(errors[range], to: column) }
        }
        var weights = try Matrix(rows: width, columns: classes)
        weights.setRowMajor(state.weights)
        let residual = try relativeResidual(weights)
        try view.solve(square: &square, truth: truth)
        // Of well conditioned equations the solution made here leaves nothing worth a mention.
        let isAccepted = try residual <= Conditioning.largestResidual || residual <= 16 * relativeResidual(view.weights)
        if isAccepted {
            view.weights = weights
        } else if !solvingAnew {
            throw RestoreError.residual(residual)
        }
        version = state.version
        try restoreSketches(state.sketches)
        if let evaluation = state.evaluation { self.evaluation = evaluation }
        calibrator.restore(state.calibration)
        balancedCalibrator.restore(state.balancedCalibration)
        if let elements = state.balancedWeights, configuration.imbalance != .none {
            var weights = try Matrix(rows: width, columns: elements.count / width)
            weights.setRowMajor(elements)
            balanced = BalancedWeights(
                version: state.balancedVersion, imbalance: configuration.imbalance, solution: nil, epoch: epoch, weights: weights,
                scale: rowScale)
        }
    }

    /// Makes the weights such that what is saved of this state can be restored: solves them again where they do not solve their equations
    /// well enough, which takes a solution that has failed, or equations so ill-conditioned that learning has lost too many digits.
    ///
    /// - Returns: whether the weights have changed and must be published.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(1) for most models; D²C multiply-adds for an ill-conditioned one, and those of a solution where it is needed.
    public func prepareToSave() throws(LinearAlgebraError) -> Bool {
        guard mustSolve || view.health.isIllConditioned || !view.weights.isFinite, truth.samples > 0 else { return false }
        if !mustSolve, view.weights.isFinite {
            view.flush(square: &square)
            guard try relativeResidual(view.weights) > Conditioning.largestResidual / 10 else { return false }
        }
        let solves = view.health.solves
        solve()
        return view.health.solves > solves
    }

    private func restoreSketches(_ sketches: SavedSketches) throws(LinearAlgebraError) {
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
            for column in 0..<registry.count {
                truth.sketches.add(
                    packedGram: UnsafeBufferPointer(rebasing: elements[(column * triangle)..<((column + 1) * triangle)]), to: column)
            }
        }
    }

    /// ‖(G+λI)W − Q‖ / ‖Q‖ in the Frobenius norm; 0 where both are 0.
    ///
    /// - Complexity: D²C multiply-adds.
    func relativeResidual(_ weights: borrowing Matrix) throws(LinearAlgebraError) -> Double {
        guard weights.columns > 0 else { return 0 }
        var product = try Matrix(rows: weights.rows, columns: weights.columns)
        try square.multiplyGram(weights, into: &product)
        return Self.relativeResidual(&product, weights, ridge: configuration.ridge, crossMoment: truth.crossMoment)
    }

    /// The same, where `product` holds GW on entry.
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
