/// A call, and what it does to the models if it is answered with success.
struct PlannedCall: Sendable {
    /// Under what circumstances it was made.
    enum Manner: Sendable {
        /// Nothing else was going on: the answer is foreseen.
        case alone
        /// Other calls on the same model, or a restart, came in between: the answer's numbers are those of some order.
        case amongOthers
    }

    /// The operation, by its name in the service's document.
    let operation: String
    let model: String
    var request: HistoryRequest
    /// Whether an `Idempotency-Key` may go with it.
    var takesKey = false
    /// The rows of an NDJSON body.
    var lines = 0
    /// Whether the service may refuse it for the sake of exactness.
    var mayBeRefused: @Sendable (OracleWorld, Reply) -> Bool = { _, _ in false }
    /// Does to the oracle what the service did, and holds the answer against it. No answer comes with a change that a restart has shown to
    /// have been made.
    let apply: @Sendable (inout OracleWorld, Reply?, Manner) throws -> Void
}

/// A call that is refused, whatever it asks for, and changes nothing.
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
