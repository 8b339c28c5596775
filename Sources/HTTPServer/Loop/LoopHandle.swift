import Synchronization

/// What other threads may know of an event loop.
final class LoopHandle: Sendable {
    let index: Int
    let mailbox: Mailbox
    /// Connections which the loop has, or is about to get.
    let load = Atomic<Int>(0)
    let accepted = Atomic<UInt64>(0)
    let requests = Atomic<UInt64>(0)
    /// Octets of the largest answer that a handler has made on the loop.
    let largestInlineAnswer = Atomic<Int>(0)
    let counters: RequestCounters

    init(index: Int, routeCount: Int = 0) throws(ServerError) {
        self.index = index
        counters = RequestCounters(routeCount: routeCount)
        mailbox = try Mailbox()
    }
}

/// Names a connection for other threads: the generation tells it from later ones in the same slot.
struct ConnectionKey: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32
}

/// Whether a connection is still the one of a generation, for other threads.
final class Liveness: Sendable {
    /// 0 while there is no connection.
    private let generation = Atomic<UInt32>(0)

    func set(_ value: UInt32) {
        generation.store(value, ordering: .releasing)
    }

    func isCurrent(_ value: UInt32) -> Bool {
        generation.load(ordering: .acquiring) == value
    }
}
