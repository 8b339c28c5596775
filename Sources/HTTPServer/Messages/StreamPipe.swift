internal import Concurrency

/// Shared by the producer of a `StreamBody` and the connection that sends it.
final class StreamPipe: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        /// Octets written so far.
        var count = 0
        var isEnded = false
        var isComplete = false
        var isClosed = false
        var wasFull = false
        /// The connection that sends it.
        var sink: ConnectionAddress?
    }

    /// What the connection sends next.
    enum Output: Equatable {
        case octets([UInt8])
        case nothingYet
        case finished
        case broken
    }

    private let state = Guarded(State())
    private let limit: Int
    private let length: Int?
    /// Whether a client that closes its sending side counts as gone.
    let endsWithClient: Bool
    private let onWritable: (@Sendable () -> Void)?

    init(limit: Int, length: Int? = nil, endsWithClient: Bool, onWritable: (@Sendable () -> Void)?) {
        self.limit = limit
        self.length = length
        self.endsWithClient = endsWithClient
        self.onWritable = onWritable
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    func write(_ bytes: UnsafeRawBufferPointer) -> StreamBody.WriteResult {
        let (result, sink): (StreamBody.WriteResult, ConnectionAddress?) = state.withLock { state in
            guard !state.isEnded, !state.isClosed else { return (.closed, nil) }
            guard state.waiting.isEmpty || bytes.count <= limit - state.waiting.count else {
                state.wasFull = true
                return (.full, nil)
            }
            let wasEmpty = state.waiting.isEmpty
            state.waiting.append(contentsOf: bytes)
            state.count += bytes.count
            return (.accepted, wasEmpty ? state.sink : nil)
        }
        sink?.pump()
        return result
    }

    func end(completely: Bool) {
        let sink: ConnectionAddress? = state.withLock { state in
            guard !state.isEnded else { return nil }
            state.isEnded = true
            state.isComplete = completely && (length == nil || state.count == length)
            return state.sink
        }
        sink?.pump()
    }

    /// Connects the pipe to the connection that sends it; writes then wake its loop.
    func attach(_ address: ConnectionAddress) {
        state.withLock { $0.sink = address }
    }

    /// Takes what is waiting.
    func take() -> Output {
        let (output, notify): (Output, Bool) = state.withLock { state in
            if !state.waiting.isEmpty {
                var octets: [UInt8] = []
                swap(&octets, &state.waiting)
                let wasFull = state.wasFull
                state.wasFull = false
                return (.octets(octets), wasFull)
            }
            guard state.isEnded else { return (.nothingYet, false) }
            return (state.isComplete ? .finished : .broken, false)
        }
        if notify { onWritable?() }
        return output
    }

    /// The connection accepts no more.
    func close() {
        let notify = state.withLock { state in
            let isAwaited = !state.isClosed && (state.wasFull || !state.isEnded)
            state.isClosed = true
            state.wasFull = false
            state.waiting = []
            state.sink = nil
            return isAwaited
        }
        if notify { onWritable?() }
    }
}
