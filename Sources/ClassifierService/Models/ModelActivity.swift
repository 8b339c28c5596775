internal import HTTPServer

/// What a model's worker has done since the server started, for metrics and the model's details.
struct ModelActivity: Sendable {
    /// The last refresh of balanced weights.
    struct Rebalance: Sendable {
        /// The state that the weights were made from.
        var version: Int
        /// When they were published, in seconds since 1970.
        var time: Double
        /// Seconds that it took.
        var seconds: Double
    }

    /// Requests that were learned, each block of a streamed one for itself.
    var learnRequests = 0
    /// Rows that were learned.
    var learnedRows = 0
    /// Rows that were unlearned.
    var unlearnedRows = 0
    var rebalances = 0
    var rebalanceFailures = 0
    /// Seconds that refreshes took.
    var rebalanceSeconds = 0.0
    var lastRebalance: Rebalance?
    /// The model's files; nil where it is in memory only.
    var files: FileActivity?
}
