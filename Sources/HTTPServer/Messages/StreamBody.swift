/// Content written from any thread. If its length is unknown, it is sent in chunks, or, to an HTTP/1.0 client, until the connection
/// ends.
///
/// Keep it, put it into a `Response`, write, and `finish`. If it is released without `finish`, or finished with fewer octets than
/// announced, the connection is closed, so that the client sees that the content is incomplete.
public final class StreamBody: Sendable {
    /// The outcome of a write.
    public enum WriteResult: Sendable {
        /// The octets will be sent.
        case accepted
        /// The client is slow and `limit` octets are already waiting: nothing was written. `onWritable` is called when to try
        /// again.
        case full
        /// The client has left, or `finish` was called.
        case closed
    }

    let pipe: StreamPipe
    /// The number of octets; nil if unknown.
    let length: Int?
    /// The memory that the content holds while it is sent.
    let memory: Int

    /// Creates the producer's end.
    ///
    /// - Parameters:
    ///   - limit: Octets that may wait for the client. One larger write is accepted when none wait.
    ///   - length: The number of octets, if known.
    ///   - memory: Octets that it counts against the memory for answers while it is sent; none by default.
    ///   - endsWithClient: Whether a client that closes its sending side counts as gone. By default it does not, because it may
    /// have sent all it wants. Set it for endless content, which would otherwise take long to notice that nobody reads.
    ///   - onWritable: Called on an event loop when there is room after a `.full`, or when the client leaves before `finish`. It
    /// must not block.
    public init(
        limit: Int = 64 << 10, length: Int? = nil, memory: Int = 0, endsWithClient: Bool = false,
        onWritable: (@Sendable () -> Void)? = nil
    ) {
        self.length = length
        self.memory = memory
        pipe = StreamPipe(limit: limit, length: length, endsWithClient: endsWithClient, onWritable: onWritable)
    }

    /// Whether the client is known to have left, or has received all of the content.
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
