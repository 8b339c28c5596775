/// Content pushed from any thread. Where its length is unknown it is sent in chunks (to an HTTP/1.0 client: up to the end of the
/// connection).
///
/// Keep it, put it into a `Response`, write, and `finish`. When it is released without `finish`, or finished before it has as many octets as
/// were announced, the connection is broken off, so that the client sees that the content is not whole.
public final class StreamBody: Sendable {
    /// What became of a write.
    public enum WriteResult: Sendable {
        /// The octets will be sent.
        case accepted
        /// The client is slow and `limit` octets wait already: nothing was taken. `onWritable` tells when to try again.
        case full
        /// The client has gone, or `finish` was called.
        case closed
    }

    let pipe: StreamPipe
    /// The number of octets; nil where it is not known.
    let length: Int?
    /// What the content holds while it is sent.
    let memory: Int

    /// Makes the producer's end.
    ///
    /// - Parameters:
    ///   - limit: Octets that may wait for the client. One larger write is taken when none wait.
    ///   - length: The number of octets, where it is known.
    ///   - memory: What of the memory for answers it counts against while it is sent; nothing by default.
    ///   - endsWithClient: Whether a client that closes its sending side is taken to have gone. Others are still served then, since they
    ///     may have said all they want; but of content that has no end it would not be noticed for long that nobody reads it.
    ///   - onWritable: Called on an event loop when there is room after a `.full`, or when the client has gone before `finish`. It must
    ///     not block.
    public init(
        limit: Int = 64 << 10, length: Int? = nil, memory: Int = 0, endsWithClient: Bool = false,
        onWritable: (@Sendable () -> Void)? = nil
    ) {
        self.length = length
        self.memory = memory
        pipe = StreamPipe(limit: limit, length: length, endsWithClient: endsWithClient, onWritable: onWritable)
    }

    /// Whether the client is known to have gone, or has all of the content.
    public var isClosed: Bool { pipe.isClosed }

    deinit {
        pipe.end(completely: false)
    }

    /// Queues octets.
    public func write(_ bytes: UnsafeRawBufferPointer) -> WriteResult {
        pipe.write(bytes)
    }

    /// Queues octets.
    public func write(_ bytes: [UInt8]) -> WriteResult {
        bytes.withUnsafeBytes { pipe.write($0) }
    }

    /// Ends the content. Later writes are refused.
    public func finish() {
        pipe.end(completely: true)
    }
}
