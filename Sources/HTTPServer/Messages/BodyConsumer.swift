/// Takes a request's content as it arrives. All calls come from one event loop and must not block.
///
/// Calls end with exactly one of `finish`, `fail` that says true, and `abort`, except when the answer is sent before the content is whole: then nothing more
/// is called, and the consumer is released.
public protocol BodyConsumer: AnyObject, Sendable {
    /// Takes some octets, which are valid during the call.
    ///
    /// - Parameters:
    ///   - bytes: At least one octet.
    ///   - flow: To go on after `.pause`; it may be kept, and used from any thread.
    /// - Returns: `.pause` stops reading from the client until `flow.resume()`.
    func receive(_ bytes: UnsafeRawBufferPointer, flow: BodyFlow) -> BodyDemand
    /// The whole content has arrived.
    func finish()
    /// The content will not become whole, though the client may still read: it broke the framing, was too slow, or sent too much.
    ///
    /// - Parameters:
    ///   - status: What the server would answer.
    ///   - detail: And why.
    /// - Returns: Whether the consumer answers instead, as with what became of the part that had come; later is early enough. By
    ///   default false: the server answers, and `abort` follows.
    func fail(_ status: Status, detail: String) -> Bool
    /// The content will not become whole: the client has gone, or `fail` said false. An answer sent from now on is dropped.
    func abort()
}

extension BodyConsumer {
    /// Leaves the answer to the server.
    public func fail(_ status: Status, detail: String) -> Bool { false }
}

/// What a `BodyConsumer` wants next.
public enum BodyDemand: Sendable {
    /// More octets.
    case more
    /// Nothing until `BodyFlow.resume()`. The client is not blamed for the delay.
    case pause
}

/// Lets the content of one request flow again after `BodyDemand.pause`.
public struct BodyFlow: Sendable {
    let handle: LoopHandle
    let key: ConnectionKey
    let sequence: UInt32

    /// Goes on reading; from any thread, also before `receive` has returned. Without a pause it does nothing.
    public func resume() {
        handle.mailbox.post(.resume(key, sequence))
    }
}
