/// How far the view can be trusted.
public struct ViewHealth: Sendable, Equatable {
    /// ‖R(G+λI)v − v‖/‖v‖ at the last probe; 0 before the first.
    public internal(set) var drift = 0.0
    /// The same right after the last solve.
    public internal(set) var driftAfterSolve = 0.0
    /// How often the view was solved anew from the truth.
    public internal(set) var solves = 0
    /// How often a probe found too much drift and the view was solved anew for it.
    public internal(set) var heals = 0
    /// The drift that the last such probe found; 0 before the first.
    public internal(set) var driftBeforeHeal = 0.0
    /// How often R was held against G.
    public internal(set) var probes: UInt64 = 0
    /// An estimate of the condition number of G+λI: its trace times the largest diagonal element of R.
    public internal(set) var conditionEstimate = 1.0
    /// Whether Cholesky failed and directions below working precision were left out of the solution.
    public internal(set) var isTruncated = false
    /// The ridge from which the model would be well conditioned.
    public internal(set) var curingRidge = 0.0

    /// The drift from which R is solved anew: on badly scaled features no solve reaches 10⁻⁸, and solving again would not help.
    public var driftBound: Double { max(1e-8, 10 * driftAfterSolve) }

    /// Counts what went before.
    mutating func add(_ earlier: ViewHealth) {
        solves += earlier.solves
        heals += earlier.heals
        probes += earlier.probes
        if driftBeforeHeal == 0 { driftBeforeHeal = earlier.driftBeforeHeal }
    }

    /// Whether so few digits of the weights are certain that the user must know: beyond a condition of 10¹² fewer than four are.
    public var isIllConditioned: Bool { isTruncated || !(conditionEstimate <= 1e12) }
}
