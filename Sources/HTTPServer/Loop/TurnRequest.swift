/// A request that is answered at the end of the turn in which it arrived.
struct TurnRequest {
    let connection: Connection
    let generation: UInt32
    let sequence: UInt32
    /// It has its answer, or a responder that may answer after the turn.
    var isHandled = false
}
