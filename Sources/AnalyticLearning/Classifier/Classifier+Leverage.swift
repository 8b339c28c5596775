public import LinearAlgebra

extension Classifier {
    /// How far rows lie from everything learned: the leverage hᵀRh of each, with R = (G+λI)⁻¹.
    ///
    /// It is from 0 to ‖h‖²/λ, its value on an empty model; small where rows like h were learned, whatever their labels. ℓ/(1+ℓ) is the share
    /// of its own prediction that the row would have once it is learned (the diagonal of the hat matrix: Hoaglin and Welsch, "The Hat
    /// Matrix in Regression and ANOVA", 1978), and σ²·ℓ the variance of its scores under noise of variance σ² in the targets.
    ///
    /// - Parameter features: n·d values, row after row, finite and at most 1e50 in magnitude (the caller has checked).
    /// - Returns: n values; nil where there is no R to go by, because the model is so ill-conditioned that directions were left out of it.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: 2D²n operations, in products of matrices; D³ where the view waits for a solution.
    public func leverages(of features: UnsafeBufferPointer<Double>) throws(LinearAlgebraError) -> [Double]? {
        precondition(features.count.isMultiple(of: featureMap.dimension), "a row is cut short")
        return try core.leverages(of: features)
    }
}
