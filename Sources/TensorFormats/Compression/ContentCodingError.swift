/// Why compressed content was refused, and where.
public struct ContentCodingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public enum Kind: Equatable, Sendable {
        /// The content ends too early.
        case truncated
        /// It does not begin like the named format.
        case invalidHeader(String)
        /// A gzip member of an unknown method, or with unknown flags.
        case unknownMember
        /// The deflated data in it cannot be read.
        case inflate(InflateError)
        /// A checksum or size does not match the output.
        case checksum
        /// Bytes after the end.
        case trailingBytes
        /// More members than allowed.
        case tooManyMembers(limit: Int)
        /// More output than the caller allows.
        case tooLarge(limit: Int)
    }

    /// What was wrong.
    public var kind: Kind
    /// The offset of the error in the compressed bytes.
    public var offset: Int

    /// Makes an error.
    public init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
    }

    /// The reason in English and the offset.
    public var description: String {
        let reason =
            switch kind {
            case .truncated: "the compressed content is truncated"
            case .invalidHeader(let format): "the content is not in the \(format) format that its Content-Encoding names"
            case .unknownMember: "a gzip member has an unknown method, or unknown flags"
            case .inflate(let error): error.reason
            case .checksum: "a checksum of the compressed content does not match"
            case .trailingBytes: "bytes follow the compressed content"
            case .tooManyMembers(let limit): "the content has more than \(limit) gzip members"
            case .tooLarge(let limit): "the decompressed content is larger than \(limit) octets"
            }
        return "\(reason) (at byte \(offset) of the compressed content)"
    }
}
