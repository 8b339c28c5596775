internal import Concurrency
import Glibc
import Synchronization

/// A part of an open file as the content of a response. It is sent with sendfile(2) as the client takes it; the file may be larger
/// than memory. The descriptor is closed with the last reference.
public final class FileBody: Sendable {
    let descriptor: Int32
    let offset: Int
    /// The number of octets that will be sent.
    public let length: Int
    private let owner: (any AnyObject & Sendable)?
    /// When the client last took some of it, in milliseconds of the monotonic clock; when it was made, before that.
    private let progressedAt = Atomic<Int64>(MonotonicClock.coarseMilliseconds)
    private let sender = Guarded<Sender?>(nil)

    /// The connection that sends it.
    private struct Sender {
        let handle: LoopHandle
        let key: ConnectionKey
    }

    /// Takes over an open descriptor. The caller promises that the file has `length` octets at `offset` and keeps them; if it turns
    /// out shorter, the connection is broken off, since the length is announced already.
    ///
    /// - Parameter owner: Lives as long as the body: it may stand for the room that the file takes.
    /// - Precondition: `offset` and `length` are not negative.
    public init(descriptor: Int32, offset: Int = 0, length: Int, owner: (any AnyObject & Sendable)? = nil) {
        precondition(offset >= 0 && length >= 0)
        self.descriptor = descriptor
        self.offset = offset
        self.length = length
        self.owner = owner
    }

    /// Opens a regular file, to send the whole of it.
    ///
    /// - Throws: `ServerError.system` when it cannot be opened or is no regular file.
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
        SystemCall.close(descriptor)
    }

    /// How long its client has taken nothing of it; from any thread.
    public var secondsWithoutProgress: Double {
        Double(max(0, MonotonicClock.coarseMilliseconds - progressedAt.load(ordering: .relaxed))) / 1000
    }

    /// Ends the connection that sends it, where one does; from any thread. The client sees that the content is not whole.
    public func breakOff() {
        let sender = sender.withLock { $0 }
        if let sender { sender.handle.mailbox.post(.breakOff(sender.key, self)) }
    }

    /// It is being sent from now on.
    func attach(_ handle: LoopHandle, _ key: ConnectionKey) { sender.withLock { $0 = Sender(handle: handle, key: key) } }

    /// The client has taken some of it.
    func noteProgress(at now: Int64) { progressedAt.store(now, ordering: .relaxed) }
}
