import CLinux
import Glibc

/// An eventfd with which other threads wake an event loop. Any thread may use it until it is destroyed.
struct WakeDescriptor: ~Copyable, Sendable {
    let descriptor: Int32

    init() throws(ServerError) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard descriptor >= 0 else { throw .system(call: "eventfd", code: errno) }
    }

    deinit {
        SystemCall.close(descriptor)
    }

    /// Makes the descriptor readable. EAGAIN means it already is.
    func wake() {
        while eventfd_write(descriptor, 1) < 0, errno == EINTR {}
    }

    /// Makes the descriptor unreadable again. Called before the messages are taken, so that no later one is lost.
    func acknowledge() {
        var count: eventfd_t = 0
        while eventfd_read(descriptor, &count) < 0, errno == EINTR {}
    }
}
