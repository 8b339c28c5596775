extension Connection {
    /// How other threads reach it.
    var address: ConnectionAddress { address(generation) }

    /// How other threads reach the connection of a generation.
    func address(_ generation: UInt32) -> ConnectionAddress {
        ConnectionAddress(mailbox: loop.handle.mailbox, key: ConnectionKey(slot: slot, generation: generation))
    }
}
