internal import LinearAlgebra

/// A change of configuration that the kept state does not allow.
public enum ReconfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Class weights need sketches, and a model created without them cannot make them later.
    case sketchesMissing
    /// No finite weights could be solved for with the new ridge; the old one stays.
    case unsolvable(ridge: Double)

    /// What is wrong.
    public var description: String {
        switch self {
        case .sketchesMissing: "imbalance cannot become reweight: the model was created with sketch_rank 0 and has kept no sketches"
        case .unsolvable(let ridge): "ridge \(ridge) gives no finite weights"
        }
    }
}

extension Classifier {
    /// Solves the view anew from the truth with another ridge; probabilities are calibrated anew. Balanced weights stay as they were made until they are refreshed.
    ///
    /// - Throws: `ConfigurationError` for a ridge that is none, `ReconfigurationError.unsolvable`, or `LinearAlgebraError.outOfMemory`; nothing
    ///   has changed then.
    /// - Complexity: D³ + 2D²C multiply-adds.
    public func setRidge(_ ridge: Double) throws {
        var changed = configuration
        changed.ridge = ridge
        try changed.validate()
        let old = view.ridge
        view.ridge = ridge
        do {
            if truth.samples > 0 { try view.solve(square: &square, truth: truth) } else { view.reset(square: &square) }
            mustSolve = false
        } catch {
            view.ridge = old
            // R has been lost on the way; W is still the old one.
            solve()
            if case .outOfMemory = error { throw error }
            throw ReconfigurationError.unsolvable(ridge: ridge)
        }
        configuration = changed
        calibrator.reset()
        balancedCalibrator.reset()
        beginEpoch(dropping: false)
    }

    /// Treats imbalance in another way from now on. Balanced weights of the old way are dropped; the truth does not change.
    ///
    /// - Throws: `ConfigurationError` for settings out of range, `ReconfigurationError.sketchesMissing`; nothing has changed then.
    /// - Complexity: O(1).
    public func setImbalance(_ imbalance: Imbalance) throws {
        if case .reweight = imbalance, configuration.sketchRank == .rows(0) { throw ReconfigurationError.sketchesMissing }
        var changed = configuration
        changed.imbalance = imbalance
        try changed.validate()
        guard imbalance != configuration.imbalance else { return }
        configuration = changed
        balancedCalibrator.reset()
        beginEpoch(dropping: true)
    }
}
