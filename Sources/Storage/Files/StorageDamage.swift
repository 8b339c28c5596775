/// How a file differs from what was written.
public enum StorageDamage: Equatable, Sendable, CustomStringConvertible {
    /// The checksum of a log's header is wrong.
    case logHeader
    /// A record's checksums are wrong, and a complete record follows at this offset: it is not an interrupted write.
    case record(nextWhole: Int)
    /// A record's checksums are wrong, and another record was begun after it, at this offset. That happens only once the first is on the
    /// device.
    case recordFollowed(by: Int)
    /// A record's version is not the one after its predecessor's.
    case version(Int, expected: Int)
    /// A log ends in the middle of a record, but another log follows it.
    case cutShort(bytes: Int)
    /// No log begins where the previous state ends.
    case missingLog(version: Int)
    /// A record's content does not match its kind.
    case content(String)

    /// What is wrong.
    public var description: String {
        switch self {
        case .logHeader: "the checksum of the header does not match"
        case .record(let next): "the checksum of a record does not match, and a complete record follows it at offset \(next)"
        case .recordFollowed(let next):
            "the checksum of a record does not match, and another was begun at offset \(next) after this one was on the device"
        case .version(let version, let expected): "a record leads to version \(version), expected \(expected)"
        case .cutShort(let bytes): "the last \(bytes) bytes are not a complete record, but a later log continues from here"
        case .missingLog(let version): "no log continues from version \(version): everything learned after it is missing"
        case .content(let text): text
        }
    }
}
