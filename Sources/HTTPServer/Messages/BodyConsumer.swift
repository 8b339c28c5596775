/// Takes a request's content as it arrives. All calls come from one event loop and must not block.
///
/// Calls end with exactly one of `finish`, a `fail` that returns true, and `abort`. The exception is an answer sent before the
/// content is complete: then no more calls follow, and the consumer is released.
public protocol BodyConsumer: AnyObject, Sendable {
    /// Takes octets, which are valid only during the call.
    ///
    /// - Parameters:
    ///   - bytes: At least one octet.
    ///   - flow: Resumes after `.pause`. It may be kept and used from any thread.
    /// - Returns: `.pause` stops reading from the client until `flow.resume()`.
    func receive(_ bytes: UnsafeRawBufferPointer, flow: BodyFlow) -> BodyDemand
    /// The whole content has arrived.
    func finish()
    /// The content cannot be completed, though the client may still read: it broke the framing, was too slow, or sent too much.
    ///
    /// - Parameters:
    ///   - status: The status that the server would answer.
    ///   - detail: The reason.
    /// - Returns: Whether the consumer answers instead, now or later. The default is false: the server answers, and `abort`
    ///   follows.
    func fail(_ status: Status, detail: String) -> Bool
    /// The content cannot be completed: the client has left, or `fail` returned false. Later answers are dropped.
    func abort()
}

extension BodyConsumer {
    /// Leaves the answer to the server.
    public func fail(_ status: Status, detail: String) -> Bool { false }
}
