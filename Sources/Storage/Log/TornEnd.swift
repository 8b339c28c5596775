/// The end of a log that is not a complete record: as far as can be known, an interrupted write.
public struct TornEnd: Equatable, Sendable, CustomStringConvertible {
    /// The log's path.
    public var path: String
    /// Where the last complete record ends.
    public var offset: Int
    /// The bytes after it.
    public var byteCount: Int
    /// What the bytes are.
    public var content: Content

    /// What can be seen of an incomplete record.
    public enum Content: Sendable {
        /// The file ends before the record or its header does.
        case cutShort
        /// The header is valid and the body has full length, but its checksum is wrong.
        case wrongBody
        /// At least as many bytes as a header has, but they are not one.
        case wrongHeader
    }

    /// Whether it may be an acknowledged record that has changed since.
    ///
    /// No answer is given before the complete record, and with it the file's length, is on the device: a record cut short by the end of the
    /// file was never answered. A record of full length with wrong bytes may be an interrupted write whose pages partly never arrived, or a
    /// complete one in which a bit has flipped. Nothing in the file distinguishes the two.
    public var mayHaveBeenAcknowledged: Bool { content != .cutShort }

    /// What is known about it.
    public var description: String {
        let what =
            switch content {
            case .cutShort: "the file ends in the middle of a record, which was never acknowledged"
            case .wrongBody: "the checksum of a record of full length does not match"
            case .wrongHeader: "the checksum of a record's header does not match"
            }
        let doubt =
            mayHaveBeenAcknowledged
            ? "; either the write was interrupted before it was acknowledged, or the bytes of an acknowledged record have changed since: "
                + "the file does not show which" : ""
        return "\(path): the last \(byteCount) bytes, from offset \(offset), are not a complete record: \(what)\(doubt)"
    }
}
