package import Concurrency

/// A worker's activity since the server started, for metrics and the model's details.
package struct ModelActivity: Sendable {
    /// The last refresh of balanced weights.
    package struct Rebalance: Sendable {
        /// Version of the state that the weights were computed from.
        package var version: Int
        /// When they were published, in seconds since 1970.
        package var time: Double
        /// Duration in seconds.
        package var seconds: Double
    }

    /// Learned requests; each block of a streamed request counts.
    package var learnRequests = 0
    /// Learned rows.
    package var learnedRows = 0
    /// Rows learned in the last periods of `LearnedRows`.
    package var recentRows = RecentCounts()
    /// Learned rows that predictions do not use yet.
    package var unseenRows = 0
    /// Unlearned rows.
    package var unlearnedRows = 0
    /// Moves of a ridge that chooses itself.
    package var ridgeMoves = 0
    package var rebalances = 0
    package var rebalanceFailures = 0
    /// Total duration of refreshes in seconds.
    package var rebalanceSeconds = 0.0
    package var lastRebalance: Rebalance?
}
