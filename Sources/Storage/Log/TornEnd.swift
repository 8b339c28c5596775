/// The end of a log that is no whole record: of a write that was interrupted, as far as can be known.
public struct TornEnd: Equatable, Sendable, CustomStringConvertible {
    /// The log's path.
    public var path: String
    /// Where the last whole record ends.
    public var offset: Int
    /// The bytes behind it.
    public var byteCount: Int
    /// What is there.
    public var content: Content

    /// What can be seen of a record that is not whole.
    public enum Content: Sendable {
        /// The file ends before the record does, or before its header.
        case cutShort
        /// The header is whole and as many bytes as it says follow, which do not have its checksum.
        case wrongBody
        /// As many bytes as a header has, or more, which are none.
        case wrongHeader
    }

    /// Whether it may be a record that was acknowledged, and that has changed since.
    ///
    /// No answer is given before the whole record is on the device, and with it the file's length: one that the file is too short for was never
    /// answered. One that is there at full length, with other bytes, may be an interrupted write, of which some pages never came; or one that was
    /// whole, and of which a bit has flipped. Nothing in the file tells the two apart.
    public var mayHaveBeenAcknowledged: Bool { content != .cutShort }

    /// What is known of it.
    public var description: String {
        let what =
            switch content {
            case .cutShort: "the file ends in the middle of a record, which was never acknowledged"
            case .wrongBody: "the checksum of a record of full length does not match"
            case .wrongHeader: "the checksum of a record's header does not match"
            }
        let doubt =
            mayHaveBeenAcknowledged
            ? "; either the write was interrupted before it was acknowledged, or the bytes of an acknowledged record have changed since: the file "
                + "does not show which" : ""
        return "\(path): the last \(byteCount) bytes, from offset \(offset), are not a complete record: \(what)\(doubt)"
    }
}
