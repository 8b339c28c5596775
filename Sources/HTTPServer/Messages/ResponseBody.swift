/// The content of a response.
public enum ResponseBody: Sendable {
    /// No octets (`Content-Length: 0`, if the status allows content).
    case empty
    /// Octets in memory.
    case bytes([UInt8])
    /// A part of a file, sent by the kernel and never loaded.
    case file(FileBody)
    /// No octets, but the length that GET would have: only for HEAD, to answer without producing the content.
    case unsent(Int)
    /// Octets that the application writes as it produces them.
    case stream(StreamBody)

    /// The number of octets; nil if unknown.
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
