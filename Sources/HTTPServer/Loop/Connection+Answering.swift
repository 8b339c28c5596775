extension Connection: AnswerTarget {
    func answer(
        _ generation: UInt32, _ sequence: UInt32, _ status: Status, _ contentType: StaticString, _ field: NumberField?,
        _ body: UnsafeRawBufferPointer
    ) {
        loop.answer(self, generation, sequence, status, contentType, field, body)
    }

    func answer(_ generation: UInt32, _ sequence: UInt32, _ response: Response?) {
        loop.answer(self, generation, sequence, response)
    }

    func deferral(_ generation: UInt32, _ sequence: UInt32) -> DeferredResponder {
        DeferredResponder(address(generation), sequence, liveness)
    }

    /// Where other threads reach it.
    var address: ConnectionAddress { address(generation) }

    /// Where other threads reach the connection of a generation.
    func address(_ generation: UInt32) -> ConnectionAddress {
        ConnectionAddress(mailbox: loop.handle.mailbox, key: ConnectionKey(slot: slot, generation: generation))
    }
}
