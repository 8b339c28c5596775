import CLinux
import Glibc

/// An epoll instance, level-triggered, with its array of events.
struct EventPoll: ~Copyable {
    /// The events to watch for.
    struct Interest: OptionSet, Equatable {
        let rawValue: UInt32
        static let read = Interest(rawValue: EPOLLIN.rawValue)
        static let write = Interest(rawValue: EPOLLOUT.rawValue)
        /// The other side has closed its sending side.
        static let peerClosed = Interest(rawValue: EPOLLRDHUP.rawValue)
        /// Wakes only one of the epolls that share a listener.
        static let exclusive = Interest(rawValue: EPOLLEXCLUSIVE.rawValue)
    }

    /// One event: the token of the registration and what happened.
    struct Event {
        let token: UInt64
        private let events: UInt32

        init(token: UInt64, events: UInt32) {
            self.token = token
            self.events = events
        }

        var isReadable: Bool { events & EPOLLIN.rawValue != 0 }
        var isWritable: Bool { events & EPOLLOUT.rawValue != 0 }
        var isPeerClosed: Bool { events & EPOLLRDHUP.rawValue != 0 }
        /// An error or a hang-up of both directions. epoll always reports these, so they must end the registration.
        var isBroken: Bool { events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 }
    }

    private let descriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private let capacity: Int

    init(capacity: Int = 512) throws(ServerError) {
        let made = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard made >= 0 else { throw .system(call: "epoll_create1", code: errno) }
        descriptor = made
        self.capacity = capacity
        events = .allocate(capacity: capacity)
        events.initialize(repeating: epoll_event(), count: capacity)
    }

    deinit {
        events.deallocate()
        SystemCall.close(descriptor)
    }

    /// Adds a descriptor; false if the kernel refuses (out of memory or of watches).
    func add(_ watched: Int32, _ interest: Interest, token: UInt64) -> Bool {
        control(EPOLL_CTL_ADD, watched, interest, token)
    }

    /// Changes the events that a descriptor is watched for.
    func modify(_ watched: Int32, _ interest: Interest, token: UInt64) -> Bool {
        control(EPOLL_CTL_MOD, watched, interest, token)
    }

    /// Removes a descriptor.
    func remove(_ watched: Int32) {
        _ = control(EPOLL_CTL_DEL, watched, [], 0)
    }

    private func control(_ operation: Int32, _ watched: Int32, _ interest: Interest, _ token: UInt64) -> Bool {
        var event = epoll_event()
        event.events = interest.rawValue
        event.data.u64 = token
        return epoll_ctl(descriptor, operation, watched, &event) == 0
    }

    /// Waits and returns the number of events, 0 after the timeout or a signal. A negative timeout waits for ever.
    func wait(milliseconds: Int32) -> Int {
        max(0, Int(epoll_wait(descriptor, events, Int32(capacity), milliseconds)))
    }

    subscript(_ index: Int) -> Event {
        precondition(index >= 0 && index < capacity)
        return Event(token: events[index].data.u64, events: events[index].events)
    }
}
