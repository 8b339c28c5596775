internal import LinearAlgebra

extension Classifier {
    /// Changes ridge, imbalance and balance, or some of them, atomically.
    ///
    /// A new ridge solves the view again from the truth and restarts calibration; balanced weights stay as they are until
    /// refreshed. A new imbalance setting drops the old balanced weights. A new balance changes predictions alone. The truth does not
    /// change.
    ///
    /// - Parameters:
    ///   - ridge: the new ridge; nil keeps it.
    ///   - ridgeChoice: whether the ridge chooses itself from now on; nil keeps it.
    ///   - imbalance: the new imbalance setting; nil keeps it.
    ///   - balance: the new default balance of predictions; nil keeps it.
    /// - Returns: whether anything changed; if not, the version stays too.
    /// - Throws: `ConfigurationError` for settings out of range, `ReconfigurationError`, or `LinearAlgebraError.outOfMemory`; the
    ///   state then stays the same to the bit.
    /// - Complexity: D³ + 2D²C multiply-adds, and memory for one more D×D square, if the ridge changes; otherwise O(1).
    @discardableResult
    public func reconfigure(
        ridge: Double? = nil, ridgeChoice: RidgeChoice? = nil, imbalance: Imbalance? = nil, balance: Double? = nil
    ) throws -> Bool {
        var changed = configuration
        if let ridge { changed.ridge = ridge }
        if let ridgeChoice { changed.ridgeChoice = ridgeChoice }
        if let imbalance {
            if case .reweight = imbalance, configuration.sketchRank == .rows(0) { throw ReconfigurationError.sketchesMissing }
            changed.imbalance = imbalance
        }
        if let balance { changed.balance = balance }
        try changed.validate()
        guard changed != configuration else { return false }
        let hasOtherRidge = changed.ridge != configuration.ridge
        let hasOtherImbalance = changed.imbalance != configuration.imbalance
        if hasOtherRidge { try core.reconfigure(ridge: changed.ridge) }
        if changed.ridgeChoice != configuration.ridgeChoice { core.race = nil }
        configuration = changed
        if hasOtherRidge {
            plainTest.reset()
            noveltyRecorder.reset()
        }
        if hasOtherRidge || hasOtherImbalance { balancedTest.reset() }
        beginEpoch(dropping: hasOtherImbalance)
        return true
    }

    /// Changes the ridge; see `reconfigure`.
    public func setRidge(_ ridge: Double) throws { try reconfigure(ridge: ridge) }

    /// Changes the imbalance setting; see `reconfigure`.
    public func setImbalance(_ imbalance: Imbalance) throws { try reconfigure(imbalance: imbalance) }

    /// Changes the default balance of predictions; see `reconfigure`.
    public func setBalance(_ balance: Double) throws { try reconfigure(balance: balance) }
}
