/// A call, and its effect on the models if it succeeds.
struct PlannedCall: Sendable {
    /// The circumstances of the call.
    enum Manner: Sendable {
        /// Nothing else was happening: the answer is predictable.
        case alone
        /// Other calls on the same model, or a restart, came in between: the answer's numbers are those of some order.
        case amongOthers
    }

    /// The operation, by its name in the service's document.
    let operation: String
    let model: String
    var request: HistoryRequest
    /// Whether it may have an `Idempotency-Key`.
    var takesKey = false
    /// The rows of an NDJSON body.
    var lines = 0
    /// Whether the service may refuse it for the sake of exactness.
    var mayBeRefused: @Sendable (OracleWorld, Reply) -> Bool = { _, _ in false }
    /// Applies the change to the oracle and checks the answer against it. There is no answer if a restart has shown that the change was
    /// made.
    let apply: @Sendable (inout OracleWorld, Reply?, Manner) throws -> Void
}

/// A call that is refused for any reason, and changes nothing.
struct RefusedCall: Sendable {
    let operation: String
    let model: String
    let request: HistoryRequest
    let statuses: Set<Int>

    init(_ operation: String, _ model: String, _ request: HistoryRequest, _ statuses: Int...) {
        self.operation = operation
        self.model = model
        self.request = request
        self.statuses = Set(statuses)
    }
}
