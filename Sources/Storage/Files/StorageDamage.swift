/// In what way a file is not as it was written.
public enum StorageDamage: Equatable, Sendable, CustomStringConvertible {
    /// The header of a log does not have its checksum.
    case logHeader
    /// A record does not have its checksums, and a whole one lies behind it, at this offset: it is no interrupted write.
    case record(nextWhole: Int)
    /// A record does not have its checksums, and another one was begun behind it, at this offset: that is done only once the first is on
    /// the device.
    case recordFollowed(by: Int)
    /// A record leads to another version than the one after its predecessor's.
    case version(Int, expected: Int)
    /// A log ends in the middle of a record, but another log goes on from it.
    case cutShort(bytes: Int)
    /// There is no log that begins where the state before ends.
    case missingLog(version: Int)
    /// A record's content is not what its kind says.
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
