public import LinearAlgebra

extension Classifier {
    /// A classifier that goes on from a saved state, with the saved weights bit for bit.
    ///
    /// The weights must solve their own equations: to `Conditioning.largestResidual`, or as well as a solution made here if the equations
    /// are too ill-conditioned for that.
    ///
    /// - Parameter solvingAnew: whether weights that do not are replaced by a solution from the truth, and not refused. For a state whose
    ///   sums are known to be whole: the weights are a view of them.
    /// - Throws: `RestoreError` where the state contradicts itself, `ConfigurationError`, or `LinearAlgebraError`.
    /// - Complexity: D³ multiply-adds, for R.
    public convenience init(restoring state: SavedState, solvingAnew: Bool = false) throws {
        try state.configuration.validate()
        let (dimension, width) = (state.configuration.dimension, state.configuration.width)
        try state.check(dimension: dimension, width: width)
        var map: FeatureMap?
        if let projection = state.projection {
            map = .randomRelu(try RandomProjection(inputs: dimension, outputs: width, elements: projection))
        }
        try self.init(state.configuration, featureMap: map)
        for label in state.labels { _ = registry.intern(label) }
        try core.restore(state, solvingAnew: solvingAnew)
        version = state.version
        if let evaluation = state.evaluation { self.evaluation = evaluation }
        calibrator.restore(state.calibration)
        balancedCalibrator.restore(state.balancedCalibration)
        if let elements = state.balancedWeights, configuration.imbalance != .none {
            var weights = try Matrix(rows: width, columns: elements.count / width)
            weights.setRowMajor(elements)
            balanced = BalancedWeights(
                version: state.balancedVersion, imbalance: configuration.imbalance, solution: nil, epoch: epoch, weights: weights,
                scale: core.rowScale)
        }
    }

    /// Makes the weights such that what is saved of this state can be restored: solves them again if they do not solve their equations well
    /// enough, which takes a solution that has failed, or a condition number of some 10⁷: learning may have lost digits then.
    ///
    /// - Returns: whether the weights have changed and must be published.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(1) for most models; D²C multiply-adds past that condition, and those of a solution if it is needed.
    public func prepareToSave() throws(LinearAlgebraError) -> Bool {
        try core.prepareToSave()
    }
}
