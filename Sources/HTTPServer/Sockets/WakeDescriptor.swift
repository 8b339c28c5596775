import CLinux
import Glibc

/// An eventfd which wakes an event loop from another thread. Safe from any thread until it is destroyed.
struct WakeDescriptor: ~Copyable, Sendable {
    let descriptor: Int32

    init() throws(ServerError) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard descriptor >= 0 else { throw .system(call: "eventfd", code: errno) }
    }

    deinit {
        SystemCall.close(descriptor)
    }

    /// Makes the descriptor readable. EAGAIN means that it is so already.
    func wake() {
        while eventfd_write(descriptor, 1) < 0, errno == EINTR {}
    }

    /// Makes the descriptor unreadable again; called before the messages are taken, so that no later one is lost.
    func acknowledge() {
        var count: eventfd_t = 0
        while eventfd_read(descriptor, &count) < 0, errno == EINTR {}
    }
}
