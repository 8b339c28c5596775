internal import Concurrency
internal import HTTPServer
internal import TensorFormats

/// A text being sent to a client, at the client's speed.
///
/// The next writer keeps it alive: a compute thread, or the stream, which calls back when there is room again. Once the client has
/// everything or has left, nothing refers to it.
final class AnswerStream: Sendable {
    private struct State: Sendable {
        var place = AnswerText.Place()
        var writer = JSONWriter()
        var isWhole = false
        /// Nil once writing has ended.
        var stream: StreamBody?
    }

    private let text: AnswerText
    private let pool: ComputePool
    private let lane: Lane
    private let state = Guarded(State())

    /// - Parameter count: the text's length in octets.
    init(_ text: AnswerText, count: Int, pool: ComputePool, _ lane: Lane) {
        self.text = text
        self.pool = pool
        self.lane = lane
        // Two pieces wait, one is being written, and each item needs some memory for its lookup.
        let memory = 3 * AnswerSender.pieceSize + 64 * text.itemCount
        let stream = StreamBody(limit: 2 * AnswerSender.pieceSize, length: count, memory: memory) { [self] in
            if !self.pool.runAlways(self.lane, { self.write() }) { end() }
        }
        state.withLock { $0.stream = stream }
    }

    /// Writes the first pieces.
    ///
    /// - Returns: the stream to send.
    func begin() -> StreamBody {
        guard let stream = state.withLock({ $0.stream }) else { preconditionFailure("a stream begins once") }
        write()
        return stream
    }

    /// Writes until the client has enough for now.
    private func write() {
        // Released only after the lock: its deinit may call back.
        let done = state.withLock { state -> StreamBody? in
            while let stream = state.stream {
                if state.writer.count == 0 {
                    if state.isWhole {
                        stream.finish()
                        state.stream = nil
                        return stream
                    }
                    state.isWhole = text.write(from: &state.place, to: &state.writer, limit: AnswerSender.pieceSize)
                }
                switch state.writer.withUnsafeBytes({ stream.write($0) }) {
                case .accepted: state.writer.drain()
                case .full: return nil
                case .closed:
                    state.stream = nil
                    return stream
                }
            }
            return nil
        }
        withExtendedLifetime(done) {}
    }

    private func end() {
        let stream = state.withLock { $0.stream.take() }
        withExtendedLifetime(stream) {}
    }
}
