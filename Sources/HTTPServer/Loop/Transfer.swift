/// The content of a response that bypasses the output buffer.
enum Transfer {
    case none
    case bytes([UInt8], sent: Int, AnswerMemory?)
    case file(FileBody, sent: Int)
    case stream(StreamPipe, isChunked: Bool, AnswerMemory?)

    var isNone: Bool {
        if case .none = self { true } else { false }
    }

    /// Whether a client that closes its sending side counts as gone.
    var endsWithClient: Bool {
        if case .stream(let pipe, _, _) = self { pipe.endsWithClient } else { false }
    }
}
