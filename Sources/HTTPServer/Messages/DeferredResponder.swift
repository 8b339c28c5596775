import Synchronization

/// The duty to answer one request later, from any thread. Only the first answer counts. A responder that is dropped without an
/// answer answers 500. An answer to a client that has left is ignored.
public final class DeferredResponder: Sendable {
    private let address: ConnectionAddress
    private let sequence: UInt32
    private let liveness: Liveness
    private let isAnswered = Atomic<Bool>(false)

    init(_ address: ConnectionAddress, _ sequence: UInt32, _ liveness: Liveness) {
        self.address = address
        self.sequence = sequence
        self.liveness = liveness
    }

    deinit {
        if !isAnswered.load(ordering: .acquiring) { address.answer(sequence, nil) }
    }

    /// Answers. Later calls do nothing.
    public func send(_ response: Response) {
        guard !isAnswered.exchange(true, ordering: .acquiringAndReleasing) else { return response.discard() }
        if !address.answer(sequence, response) { response.discard() }
    }

    /// Whether the connection is still open as far as known; once false, it stays false. A client that has only closed its sending
    /// side is still connected.
    public var isConnected: Bool { liveness.isCurrent(address.key.generation) }
}
