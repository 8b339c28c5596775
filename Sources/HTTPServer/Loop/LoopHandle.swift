import Synchronization

/// The part of an event loop that other threads may use.
final class LoopHandle: Sendable {
    let index: Int
    let mailbox: Mailbox
    /// Connections that the loop has or is about to get.
    let load = Atomic<Int>(0)
    let accepted = Atomic<UInt64>(0)
    let requests = Atomic<UInt64>(0)
    /// Size of the largest answer that a handler has made on the loop, in octets.
    let largestInlineAnswer = Atomic<Int>(0)
    let counters: RequestCounters

    init(index: Int, routeCount: Int = 0) throws(ServerError) {
        self.index = index
        counters = RequestCounters(routeCount: routeCount)
        mailbox = try Mailbox()
    }
}
