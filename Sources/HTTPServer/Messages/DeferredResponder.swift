import Synchronization

/// The duty to answer one request later, from any thread. The first answer counts; one that is dropped without any answers 500. It
/// does no harm to answer a client that has gone.
public final class DeferredResponder: Sendable {
    private let handle: LoopHandle
    private let key: ConnectionKey
    private let sequence: UInt32
    private let liveness: Liveness
    private let isAnswered = Atomic<Bool>(false)

    init(_ handle: LoopHandle, _ key: ConnectionKey, _ sequence: UInt32, _ liveness: Liveness) {
        self.handle = handle
        self.key = key
        self.sequence = sequence
        self.liveness = liveness
    }

    deinit {
        if !isAnswered.load(ordering: .acquiring) {
            handle.mailbox.post(.answer(key, sequence, nil))
        }
    }

    /// Answers. Later calls do nothing.
    public func send(_ response: Response) {
        guard !isAnswered.exchange(true, ordering: .acquiringAndReleasing) else { return response.discard() }
        if !handle.mailbox.post(.answer(key, sequence, response)) { response.discard() }
    }

    /// Whether the connection is still open, as far as is known; false once and for all when the client has gone. A client which has
    /// only closed its sending side is still connected.
    public var isConnected: Bool { liveness.isCurrent(key.generation) }
}
