/// A message to an event loop from another thread.
enum LoopMessage: Sendable {
    /// The answer to a request; nil if it was dropped without one.
    case answer(ConnectionKey, UInt32, Response?)
    /// The consumer of a request's content wants more.
    case resume(ConnectionKey, UInt32)
    /// A stream has something to send.
    case pump(ConnectionKey)
    /// Closes the connection if it still sends this file.
    case breakOff(ConnectionKey, FileBody)
    /// An accepted socket and its peer.
    case adopt(Int32, PeerAddress)
    /// Stops by this time of the monotonic clock.
    case stop(Int64)
}
