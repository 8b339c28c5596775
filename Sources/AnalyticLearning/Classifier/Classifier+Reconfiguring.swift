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
        case .sketchesMissing: "imbalance cannot become reweight: the model was created with sketch_rank 0 and keeps no sketches"
        case .unsolvable(let ridge): "ridge \(ridge) gives no finite weights"
        }
    }
}

extension Classifier {
    /// Changes ridge, imbalance, or both: both or none.
    ///
    /// Another ridge solves the view again from the truth, and calibration starts over; balanced weights stay as they were made until
    /// they are refreshed. Another way of treating imbalance drops those of the old way; the truth does not change.
    ///
    /// - Parameters:
    ///   - ridge: the ridge from now on; nil leaves it.
    ///   - imbalance: how imbalance is treated from now on; nil leaves it.
    /// - Returns: whether anything is other than before; where not, the version stays too.
    /// - Throws: `ConfigurationError` for settings out of range, `ReconfigurationError`, or `LinearAlgebraError.outOfMemory`; nothing has
    ///   changed then, to the bit.
    /// - Complexity: D³ + 2D²C multiply-adds, and memory for one more D×D square, where the ridge changes; O(1) else.
    @discardableResult
    public func reconfigure(ridge: Double? = nil, imbalance: Imbalance? = nil) throws -> Bool {
        var changed = configuration
        if let ridge { changed.ridge = ridge }
        if let imbalance {
            if case .reweight = imbalance, configuration.sketchRank == .rows(0) { throw ReconfigurationError.sketchesMissing }
            changed.imbalance = imbalance
        }
        try changed.validate()
        guard changed != configuration else { return false }
        let hasOtherRidge = changed.ridge != configuration.ridge
        let hasOtherImbalance = changed.imbalance != configuration.imbalance
        if hasOtherRidge { try core.reconfigure(ridge: changed.ridge) }
        configuration = changed
        if hasOtherRidge { calibrator.reset() }
        balancedCalibrator.reset()
        beginEpoch(dropping: hasOtherImbalance)
        return true
    }

    /// Changes the ridge; see `reconfigure`.
    public func setRidge(_ ridge: Double) throws { try reconfigure(ridge: ridge) }

    /// Treats imbalance in another way from now on; see `reconfigure`.
    public func setImbalance(_ imbalance: Imbalance) throws { try reconfigure(imbalance: imbalance) }
}
