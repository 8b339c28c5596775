/// What a model's worker has done since the server started, for metrics and the model's details.
package struct ModelActivity: Sendable {
    /// The last refresh of balanced weights.
    package struct Rebalance: Sendable {
        /// The state that the weights were made from.
        package var version: Int
        /// When they were published, in seconds since 1970.
        package var time: Double
        /// Seconds that it took.
        package var seconds: Double
    }

    /// Requests that were learned, each block of a streamed one for itself.
    package var learnRequests = 0
    /// Rows that were learned.
    package var learnedRows = 0
    /// Rows that were unlearned.
    package var unlearnedRows = 0
    package var rebalances = 0
    package var rebalanceFailures = 0
    /// Seconds that refreshes took.
    package var rebalanceSeconds = 0.0
    package var lastRebalance: Rebalance?
}
