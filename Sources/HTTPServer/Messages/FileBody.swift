internal import Concurrency
import Glibc
import Synchronization

/// A part of an open file as the content of a response. It is sent with sendfile(2) as the client takes it, so the file may be larger
/// than memory. The last reference closes the descriptor.
public final class FileBody: Sendable {
    let descriptor: Int32
    let offset: Int
    /// The number of octets that will be sent.
    public let length: Int
    private let owner: (any AnyObject & Sendable)?
    private let closing: Closing?
    /// When the client last read some of it, or when it was created, in milliseconds of the monotonic clock.
    private let progressedAt = Atomic<Int64>(MonotonicClock.coarseMilliseconds)
    /// The connection that sends it.
    private let sender = Guarded<ConnectionAddress?>(nil)

    /// Receives the work of closing a file, and does it on a thread that may wait for a disk.
    public typealias Closing = @Sendable (_ close: @escaping @Sendable () -> Void) -> Void

    /// Takes over an open descriptor. The caller guarantees that the file has `length` octets at `offset`. If it turns out shorter,
    /// the connection is closed, because the length has been announced.
    ///
    /// - Parameters:
    ///   - owner: Released once the file is closed. It can represent the disk space of the file.
    ///   - closing: Closes the file elsewhere. The body usually ends on an event loop, and closing the last descriptor of a file without
    ///     a name takes milliseconds: its blocks are freed. Nil closes it where the body ends.
    /// - Precondition: `offset` and `length` are not negative.
    public init(
        descriptor: Int32, offset: Int = 0, length: Int, owner: (any AnyObject & Sendable)? = nil, closing: Closing? = nil
    ) {
        precondition(offset >= 0 && length >= 0)
        self.descriptor = descriptor
        self.offset = offset
        self.length = length
        self.owner = owner
        self.closing = closing
    }

    /// Opens a regular file to send all of it.
    ///
    /// - Throws: `ServerError.system` if it cannot be opened or is not a regular file.
    public convenience init(path: String) throws(ServerError) {
        let opened = open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { throw .system(call: "open", code: errno) }
        var information = stat()
        guard fstat(opened, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            SystemCall.close(opened)
            throw .system(call: "fstat", code: EINVAL)
        }
        self.init(descriptor: opened, length: Int(information.st_size))
    }

    deinit {
        let close: @Sendable () -> Void = { [descriptor, owner] in
            SystemCall.close(descriptor)
            withExtendedLifetime(owner) {}
        }
        if let closing { closing(close) } else { close() }
    }

    /// Seconds since the client last read some of it; callable from any thread.
    public var secondsWithoutProgress: Double {
        Double(max(0, MonotonicClock.coarseMilliseconds - progressedAt.load(ordering: .relaxed))) / 1000
    }

    /// Closes the connection that sends it, if any; callable from any thread. The client sees that the content is incomplete.
    public func breakOff() {
        let sender = sender.withLock { $0 }
        sender?.breakOff(self)
    }

    /// The connection begins to send it.
    func attach(_ address: ConnectionAddress) { sender.withLock { $0 = address } }

    /// The client has read some of it.
    func noteProgress(at now: Int64) { progressedAt.store(now, ordering: .relaxed) }
}
