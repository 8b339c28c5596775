public import LinearAlgebra

extension Classifier {
    /// Restores a classifier from a saved state, with the saved weights bit for bit.
    ///
    /// The weights must solve their own equations to `Conditioning.largestResidual`, or, if the equations are too ill-conditioned
    /// for that, as well as a solution computed here.
    ///
    /// - Parameters:
    ///   - published: what `PublishedWeights.stored` returned for this state, if it was called: the map and the balanced weights are
    ///     shared.
    ///   - solvingAnew: whether weights that fail are replaced by a solution from the truth instead of refused. For a state whose sums are
    ///     known to be intact: the weights are a view of them.
    /// - Throws: `RestoreError` if the state contradicts itself, `ConfigurationError`, or `LinearAlgebraError`.
    /// - Complexity: D³ multiply-adds, for R.
    public convenience init(
        restoring state: SavedState, sharing published: PublishedWeights? = nil, solvingAnew: Bool = false
    ) throws {
        try state.checkAll()
        try self.init(state.configuration, featureMap: published?.featureMap ?? state.makeMap())
        for label in state.labels { _ = registry.intern(label) }
        try core.restore(state, solvingAnew: solvingAnew)
        version = state.version
        if let evaluation = state.evaluation { self.evaluation = evaluation }
        plainTest.calibrator.restore(state.calibration)
        balancedTest.calibrator.restore(state.balancedCalibration)
        noveltyRecorder.restore(state.novelty)
        plainTest.curve = try state.curve(of: .plain)
        balancedTest.curve = try state.curve(of: .balanced)
        balanced = try published?.balanced ?? state.makeBalancedWeights { core.rowScale }
    }

    /// Makes the weights fit to be saved and restored: solves them again if they do not solve their equations well enough. That
    /// happens only after a solution has failed or at condition numbers above about 10⁷, where learning may lose digits.
    ///
    /// - Returns: whether the weights have changed and must be published.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(1) for most models; above that condition D²C multiply-adds, plus those of a solution if needed.
    public func prepareToSave() throws(LinearAlgebraError) -> Bool {
        try core.prepareToSave()
    }
}
