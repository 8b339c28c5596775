/// The content of a response.
public enum ResponseBody: Sendable {
    /// No octets. (`Content-Length: 0`, where the status allows content.)
    case empty
    /// Octets in memory.
    case bytes([UInt8])
    /// A part of a file, sent by the kernel and never loaded.
    case file(FileBody)
    /// No octets, but the length that GET would have: for HEAD, where making the content is not worth the length alone. Only for that.
    case unsent(Int)
    /// Octets pushed by the application as they come into being.
    case stream(StreamBody)

    /// The number of octets; nil when it is not known.
    var count: Int? {
        switch self {
        case .empty: 0
        case .bytes(let bytes): bytes.count
        case .file(let file): file.length
        case .unsent(let count): count
        case .stream(let stream): stream.length
        }
    }
}
