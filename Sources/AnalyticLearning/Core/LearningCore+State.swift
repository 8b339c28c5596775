internal import LinearAlgebra

extension LearningCore {
    /// Applies the gathered rows to G and R.
    mutating func flush() { view.flush(square: &square) }

    /// Changes the ridge: the view is solved in a separate square until that succeeds.
    ///
    /// - Throws: `ReconfigurationError.unsolvable`, or `LinearAlgebraError.outOfMemory`; the state then stays the same to the bit.
    /// - Complexity: D³ + 2D²C multiply-adds, and memory for one more D×D square.
    mutating func reconfigure(ridge: Double) throws {
        guard truth.samples > 0 else {
            return step { core in
                core.view.ridge = ridge
                core.view.reset(square: &core.square)
                return .together
            }
        }
        flush()
        do throws(LinearAlgebraError) {
            var solved = try prepare { (core) throws(LinearAlgebraError) in
                var solved = try core.square.copyOfGram()
                core.view.ridge = ridge
                try core.view.solve(square: &solved, truth: core.truth)
                return solved
            }
            step { core in
                swap(&core.square, &solved)
                return .together
            }
        } catch {
            if case .outOfMemory = error { throw error }
            throw ReconfigurationError.unsolvable(ridge: ridge)
        }
    }

    /// Deletes a class: its column of Q and W, its count, moments and sketch. Its rows stay in G as rows of no class.
    ///
    /// - Complexity: O((D + d)·C).
    mutating func removeClass(_ column: Int) {
        truth.removeClass(column)
        view.removeClass(column)
    }

    /// Adds a class's sums and weights to another's, and removes it: exact, without its rows, because W = RQ is linear in Q.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`; nothing has changed then.
    /// - Complexity: O((D + d)·C); with sketches, a rotation of each of their rows.
    mutating func joinClass(_ joined: Int, into target: Int) throws(LinearAlgebraError) {
        // Rotated first, so that a snapshot between learning and joining makes no difference.
        try truth.sketches.rotate([joined, target])
        try truth.sketches.reserve(rows: 0, columns: [target])
        truth.joinClass(joined, into: target)
        view.joinClass(joined, into: target)
    }

    /// The leverage hᵀRh of each row, and what an intercept adds, (1 − hᵀr)²/(n − sᵀr); see `Classifier.leverages`.
    ///
    /// - Returns: nil if R lacks directions.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: 2D²n operations; D³ if the view is behind.
    mutating func leverages(of features: UnsafeBufferPointer<Double>) throws(LinearAlgebraError) -> [Double]? {
        let dimension = featureMap.dimension
        let rows = features.count / dimension
        catchUp()
        settle()
        guard !isBehind, !view.health.isTruncated else { return nil }
        var result: [Double] = []
        result.reserveCapacity(rows)
        for first in stride(from: 0, to: rows, by: view.cost.blockRows) {
            let end = min(first + view.cost.blockRows, rows)
            let part = UnsafeBufferPointer(rebasing: features[(first * dimension)..<(end * dimension)])
            try withMapped(part) { (core, h) throws(LinearAlgebraError) in
                try core.view.appendLeverages(h: h, square: core.square, to: &result)
                try core.view.readout.addInterceptLeverages(h, to: &result)
            }
        }
        return result
    }

    /// Computes the residual moment and the intercepts if the weights were solved, not updated, since they were known.
    ///
    /// - Complexity: 2DC² operations, if needed.
    mutating func settle() {
        guard !isBehind else { return }
        view.readout.settle(truth)
        if let restored, restored.revision != view.readout.revision { self.restored = nil }
    }

    /// W′ = W − rbᵀ, or a copy of W without intercepts.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(D·C).
    func foldedWeights() throws(LinearAlgebraError) -> Matrix {
        if let restored, restored.revision == view.readout.revision { return try restored.weights.copied() }
        var weights = try view.readout.weights.copied()
        view.readout.intercept.fold(into: &weights, intercepts: view.readout.intercept.sums.intercepts)
        return weights
    }

    /// b [C] of W′; empty without intercepts.
    var intercepts: [Double] {
        if let restored, restored.revision == view.readout.revision { return restored.intercepts }
        return view.readout.intercept.shownSums?.intercepts ?? []
    }

    /// Copies what the balanced weights of this state depend on.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    mutating func balanceProblem(
        _ configuration: ModelConfiguration, labels: [Label], epoch: Int
    ) throws(LinearAlgebraError) -> BalanceProblem {
        flush()
        return try BalanceProblem(
            configuration: configuration, featureMap: featureMap, labels: labels, epoch: epoch, square: square, truth: &truth)
    }

    /// Copies what ridge regressions with any ridge follow from.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(D² + D·C).
    mutating func ridgeProblem() throws(LinearAlgebraError) -> RidgeProblem {
        flush()
        return try RidgeProblem(square: square, truth: truth)
    }

    /// The accuracy of the sums in G.
    ///
    /// - Complexity: O(D).
    var sumError: SumError { view.sumError(past: truth.pastError) }

    /// The bound of the rounding errors in G, including the gathered rows.
    var gramError: Double { SumError(past: truth.pastError, trace: square.gramTrace, inverseNorm: 0).bound }

    /// The size of the mapped rows that were learned.
    var rowScale: RowScale { RowScale(squares: view.squaredComponents(square), rows: truth.samples) }

    /// The root mean square norm of the mapped rows.
    var rowNorm: Double { view.rowNorm(of: truth.samples) }
}
