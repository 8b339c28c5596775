internal import LinearAlgebra

/// The accuracy of the view.
public struct ViewHealth: Sendable, Equatable {
    /// ‖R(G+λI)v − v‖/‖v‖ at the last probe; 0 before the first.
    public internal(set) var drift = 0.0
    /// The drift right after the last solve.
    public internal(set) var driftAfterSolve = 0.0
    /// The condition estimate right after the last solve.
    var conditionAfterSolve = 1.0
    /// The largest element of R's diagonal since the last solve: subtractions from R were rounded to ε of it.
    var largestInverse = 0.0
    /// How often the view was solved again from the truth.
    public internal(set) var solves = 0
    /// How often a probe found too much drift, so that the view was solved again.
    public internal(set) var heals = 0
    /// The drift that the last such probe found; 0 before the first.
    public internal(set) var driftBeforeHeal = 0.0
    /// How often R was checked against G.
    public internal(set) var probes: UInt64 = 0
    /// An estimate of the condition number of G+λI: its trace times the largest diagonal element of R.
    public internal(set) var conditionEstimate = 1.0
    /// Whether Cholesky failed and the solution omits directions below working precision.
    public internal(set) var isTruncated = false
    /// The trace of G, the ridge λ and the width D that the estimate uses.
    var (gramTrace, ridge, width) = (0.0, 0.0, 0)

    /// R is solved again if the drift exceeds this. On badly scaled features no solution reaches 10⁻⁸, so the bound is ten
    /// times what the last one reached. It falls if the equations have become better conditioned since, because a solution's drift
    /// grows with the condition.
    public var driftBound: Double { driftBound(1e-8) }

    /// The same with another bound for well-scaled features.
    func driftBound(_ bound: Double) -> Double {
        // What a solution omits is not drift.
        let improvement = isTruncated ? 1 : min(1, conditionEstimate / conditionAfterSolve)
        return max(bound, 10 * driftAfterSolve * improvement)
    }

    /// Whether the weights may have a residual too large for a saved state. If not, it need not be computed.
    var mayHaveResidual: Bool {
        let condition = max(conditionEstimate, largestInverse * trace)
        return isTruncated || !(16 * .ulpOfOne * condition <= Conditioning.largestResidual / 10)
    }

    /// The expected loss by rounding, as a share of the bound: ε·‖R‖·‖G+λI‖ with the largest R since the last solve.
    /// Rows that shrink R by orders of magnitude leave behind the rounding errors of the larger R.
    var expectedDrift: Double { .ulpOfOne * largestInverse * trace / driftBound }

    /// `expectedDrift` at the last probe.
    var expectedDriftAtProbe = 0.0

    /// Whether rounding may have used much of the bound, and far more than at the last probe.
    var isProbeDue: Bool { expectedDrift > max(1 / 16, 16 * expectedDriftAtProbe) }

    /// The trace of G + λI.
    var trace: Double { gramTrace + Double(width) * ridge }

    /// Records what a solution reached; its drift has just been measured.
    mutating func noteSolution() {
        driftAfterSolve = drift
        conditionAfterSolve = conditionEstimate
        expectedDriftAtProbe = expectedDrift
    }

    /// Resets to an inverse without rounding, keeping the counts.
    mutating func beginAnew() {
        isTruncated = false
        (drift, driftAfterSolve, conditionAfterSolve) = (0, 0, 1)
        (largestInverse, expectedDriftAtProbe) = (0, 0)
    }

    /// Adds the counts of an earlier view.
    mutating func add(_ earlier: ViewHealth) {
        solves += earlier.solves
        heals += earlier.heals
        probes += earlier.probes
        if driftBeforeHeal == 0 { driftBeforeHeal = earlier.driftBeforeHeal }
    }

    /// A positive, finite ridge that would make the model well conditioned; nil if it already is.
    ///
    /// It is 10⁻¹⁰ of G's trace. If the current ridge is no smaller, or G is almost zero, it is a larger one whose inverse is
    /// finite.
    public var curingRidge: Double? {
        guard isIllConditioned else { return nil }
        let largest = Double.greatestFiniteMagnitude
        return [Conditioning.curingRidge(trace: gramTrace), ridge * 10, 1e-300].reduce(0) { $1 > $0 ? min($1, largest) : $0 }
    }

    /// Whether so few digits of the weights are certain that users must know: fewer than four beyond a condition of 10¹².
    public var isIllConditioned: Bool { isTruncated || !(conditionEstimate <= Conditioning.largestTrusted) }
}
