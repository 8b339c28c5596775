public import LinearAlgebra

extension Classifier {
    /// How far rows lie from everything learned: the leverage hᵀRh of each, with R = (G+λI)⁻¹.
    ///
    /// It ranges from 0 to ‖h‖²/λ, its value on an empty model, and is small if rows like h were learned, whatever their
    /// labels. ℓ/(1+ℓ) is the row's share in its own prediction after learning it (the diagonal of the hat matrix: Hoaglin and
    /// Welsch, "The Hat Matrix in Regression and ANOVA", 1978). σ²·ℓ is the variance of its scores under noise of variance
    /// σ² in the targets.
    ///
    /// - Parameter features: n·d values, row after row, finite and at most 1e50 in magnitude (the caller has checked).
    /// - Returns: n values; nil if the model is so ill-conditioned that R lacks directions.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: 2D²n operations, in matrix products; D³ if the view must be solved first.
    public func leverages(of features: UnsafeBufferPointer<Double>) throws(LinearAlgebraError) -> [Double]? {
        precondition(features.count.isMultiple(of: featureMap.dimension), "a row is cut short")
        return try core.leverages(of: features)
    }
}
