internal import AnalyticLearning

/// What became of a refresh of balanced weights in the background.
struct RefreshOutcome: Sendable {
    /// Nil where it failed or was called off.
    var weights: BalancedWeights?
    /// Why it failed.
    var failure: String?
    /// Seconds it took.
    var duration: Double
}
