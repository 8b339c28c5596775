/// How far rounding may have led the sums in G away from those of the rows that are in them, and what that makes of the weights.
///
/// Float64 rounds a sum relative to what it is at the time. A row that dwarfs all others takes their last digits with it, and does not give
/// them back when it goes: G is then off by ε times the largest trace that it has ever had, however small it has become. Compensated sums
/// (`SymmetricPair.isCompensated`) do not change that: what a block's rows lose among themselves in one product is not kept, nor are the
/// rests in snapshots, in checkpoints, or where rows are taken out of a copy of G.
public struct SumError: Sendable, Equatable {
    /// What ‖ΔG‖ is at most: ε times the largest trace that G has had, added up over all models that it was merged from.
    public let bound: Double
    /// By how much the weights, and scores by them, may therefore be off, relatively: the bound times ‖(G+λI)⁻¹‖.
    public let relative: Double
    /// Whether that is more than a model of the same rows which has never held others would have to live with, and more than scores bear.
    public let isInexact: Bool

    /// - Parameters:
    ///   - past: the bound from earlier states.
    ///   - trace: G's now.
    ///   - inverseNorm: ‖(G+λI)⁻¹‖, or a good estimate.
    init(past: Double, trace: Double, inverseNorm: Double) {
        let present = Double.ulpOfOne * max(0, trace)
        bound = max(past, present)
        relative = bound * inverseNorm
        // Not a number counts as inexact.
        isInexact = !(past <= Self.dominance * present) && !(relative <= Self.tolerance)
    }

    /// The relative error from which rows are not taken out: that of the scores is then below 10⁻⁸ or so, for the bound adds up the roundings
    /// of G's elements as if they all went one way, and is some ten times what they really come to.
    static let tolerance = 1e-7

    /// How much larger than its own rounding an error must be for it to be told apart from that: ill-conditioned models give up rows too.
    static let dominance = 64.0

    /// The most that the bound is said to be, so that it can be saved and added to.
    static let largestBound = 1e250
}
