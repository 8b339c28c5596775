/// How the candidates of a ridge that chooses itself have done on the rows before they were learned.
public struct RidgeRaceSummary: Sendable, Equatable {
    /// A candidate.
    public struct Candidate: Sendable, Equatable {
        /// λ.
        public let ridge: Double
        /// The share of the rows predicted correctly, by the metric of the race; nil before the first row.
        public let share: Double?
    }

    /// Rows scored since the race began.
    public let scored: Int
    /// In ascending order of ridge.
    public let candidates: [Candidate]
}
