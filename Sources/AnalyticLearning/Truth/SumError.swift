/// How far rounding may have moved the sums in G from the true sums of its rows, and what that means for the weights.
///
/// Float64 rounds a sum relative to its current size. A row that dwarfs all others takes their last digits, and removing it does
/// not bring them back: G is then off by ε times the largest trace it ever had, however small it has become. Compensated sums
/// (`SymmetricPair.isCompensated`) do not help: compensation does not cover the rounding within one block's product, and is not
/// kept in snapshots, in checkpoints, or when rows are subtracted from a copy of G.
public struct SumError: Sendable, Equatable {
    /// The upper bound of ‖ΔG‖: ε times the largest trace that G has had, summed over all merged models.
    public let bound: Double
    /// The resulting relative error of the weights and scores, at most: the bound times ‖(G+λI)⁻¹‖.
    public let relative: Double
    /// Whether the error exceeds both what a model that never held other rows would have, and what scores tolerate.
    public let isInexact: Bool

    /// - Parameters:
    ///   - past: the bound from earlier states.
    ///   - trace: the current trace of G.
    ///   - inverseNorm: ‖(G+λI)⁻¹‖, or a good estimate.
    init(past: Double, trace: Double, inverseNorm: Double) {
        let present = Double.ulpOfOne * max(0, trace)
        bound = max(past, present)
        relative = bound * inverseNorm
        // NaN counts as inexact.
        isInexact = !(past <= Self.dominance * present) && !(relative <= Self.tolerance)
    }

    /// From this relative error on, rows are not removed. The error of the scores is then below about 10⁻⁸: the bound adds the
    /// roundings of G's elements as if all had the same sign, about ten times the real error.
    static let tolerance = 1e-7

    /// An error counts only if it is this many times the sums' own rounding, so that ill-conditioned models can unlearn rows too.
    static let dominance = 64.0

    /// The bound is cut off here, so that it can be saved and added to.
    static let largestBound = 1e250
}
