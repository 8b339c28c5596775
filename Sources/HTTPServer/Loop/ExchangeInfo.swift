/// What is known about a request until its answer is written.
struct ExchangeInfo {
    var sequence: UInt32 = 0
    var isHead = false
    var isOldVersion = false
    var isSafe = false
    /// It changes nothing, so its answer may be withheld.
    var isRefusable = false
    /// Empty if answers carry no IDs.
    var id = RequestID()
    /// What the gate adds to the answer.
    var fields: FieldBlock?
    /// The slot it is counted in; negative while there is no request.
    var slot = -1
    /// When its head was complete, in nanoseconds of the monotonic clock.
    var start: Int64 = 0
    /// Nil without an observer.
    var trace: RequestTrace?
}
