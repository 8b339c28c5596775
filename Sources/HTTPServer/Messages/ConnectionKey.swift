/// Identifies a connection for other threads. The generation distinguishes it from later connections in the same slot.
struct ConnectionKey: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32
}
