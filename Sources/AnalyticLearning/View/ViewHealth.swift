internal import LinearAlgebra

/// How far the view can be trusted.
public struct ViewHealth: Sendable, Equatable {
    /// ‖R(G+λI)v − v‖/‖v‖ at the last probe; 0 before the first.
    public internal(set) var drift = 0.0
    /// The same right after the last solve.
    public internal(set) var driftAfterSolve = 0.0
    /// The condition estimate right after the last solve.
    var conditionAfterSolve = 1.0
    /// The largest element of R's diagonal since the last solve: what was subtracted from R was rounded to ε of it.
    var largestInverse = 0.0
    /// How often the view was solved again from the truth.
    public internal(set) var solves = 0
    /// How often a probe found too much drift, so that the view was solved again.
    public internal(set) var heals = 0
    /// The drift that the last such probe found; 0 before the first.
    public internal(set) var driftBeforeHeal = 0.0
    /// How often R was held against G.
    public internal(set) var probes: UInt64 = 0
    /// An estimate of the condition number of G+λI: its trace times the largest diagonal element of R.
    public internal(set) var conditionEstimate = 1.0
    /// Whether Cholesky failed and directions below working precision were left out of the solution.
    public internal(set) var isTruncated = false
    /// The trace of G, the ridge λ and the width D, as the estimate has them.
    var (gramTrace, ridge, width) = (0.0, 0.0, 0)

    /// R is solved again if the drift exceeds this. On badly scaled features no solution reaches 10⁻⁸, so the bound is ten times what the
    /// last one reached. It falls if the equations have become better conditioned since: a solution's drift grows with the condition.
    public var driftBound: Double { driftBound(1e-8) }

    /// The same with another bound for well-scaled features.
    func driftBound(_ bound: Double) -> Double {
        // What a solution leaves out is no drift.
        let improvement = isTruncated ? 1 : min(1, conditionEstimate / conditionAfterSolve)
        return max(bound, 10 * driftAfterSolve * improvement)
    }

    /// Whether rounding may have left the weights a residual that a saved state must not have. Otherwise it need not be computed.
    var mayHaveResidual: Bool {
        let condition = max(conditionEstimate, largestInverse * trace)
        return isTruncated || !(16 * .ulpOfOne * condition <= Conditioning.largestResidual / 10)
    }

    /// What rounding may have cost, as a share of the bound: ε·‖R‖·‖G+λI‖ with the largest R since the last solve. Rows that make R smaller
    /// by orders of magnitude leave behind the rounding errors of the larger R.
    var expectedDrift: Double { .ulpOfOne * largestInverse * trace / driftBound }

    /// The same at the last probe.
    var expectedDriftAtProbe = 0.0

    /// Whether rounding may have used much of the bound, and far more than at the last probe.
    var isProbeDue: Bool { expectedDrift > max(1 / 16, 16 * expectedDriftAtProbe) }

    /// The trace of G + λI.
    var trace: Double { gramTrace + Double(width) * ridge }

    /// Notes what a solution, whose drift has just been measured, has reached.
    mutating func noteSolution() {
        driftAfterSolve = drift
        conditionAfterSolve = conditionEstimate
        expectedDriftAtProbe = expectedDrift
    }

    /// Goes back to an inverse without rounding, with the counts as they are.
    mutating func beginAnew() {
        isTruncated = false
        (drift, driftAfterSolve, conditionAfterSolve) = (0, 0, 1)
        (largestInverse, expectedDriftAtProbe) = (0, 0)
    }

    /// Counts what went before.
    mutating func add(_ earlier: ViewHealth) {
        solves += earlier.solves
        heals += earlier.heals
        probes += earlier.probes
        if driftBeforeHeal == 0 { driftBeforeHeal = earlier.driftBeforeHeal }
    }

    /// A ridge that would make the model well conditioned, positive and finite; nil where it is.
    ///
    /// That is 10⁻¹⁰ of G's trace. Where the ridge is no smaller, or G itself is next to nothing, it is a larger one, whose inverse is finite.
    public var curingRidge: Double? {
        guard isIllConditioned else { return nil }
        let largest = Double.greatestFiniteMagnitude
        return [Conditioning.curingRidge(trace: gramTrace), ridge * 10, 1e-300].reduce(0) { $1 > $0 ? min($1, largest) : $0 }
    }

    /// Whether so few digits of the weights are certain that the user must know: beyond a condition of 10¹² fewer than four are.
    public var isIllConditioned: Bool { isTruncated || !(conditionEstimate <= Conditioning.largestTrusted) }
}
