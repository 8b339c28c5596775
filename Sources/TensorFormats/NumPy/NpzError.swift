/// Why an npz archive or an array in it was refused, and where.
public struct NpzError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public enum Kind: Equatable, Sendable {
        /// The file is not a complete zip archive.
        case notZip
        /// A part of the archive is cut off or contradicts another.
        case damaged(String)
        /// A feature of zip files that npz files do not need.
        case unsupported(String)
        /// A name that occurs twice.
        case duplicateName
        /// A required array that is missing.
        case missing
        /// An array larger than allowed.
        case tooLarge(UInt64, limit: Int)
        /// Invalid compressed data.
        case inflate(InflateError)
        /// Data that does not match its checksum.
        case checksumMismatch
        /// An entry that is not an npy file.
        case npy(NpyError)
    }

    /// What was wrong.
    public var kind: Kind
    /// The name of the array concerned, if any.
    public var entry: String?
    /// The offset of the error in the archive, in bytes.
    public var offset: Int

    /// Makes an error.
    public init(_ kind: Kind, entry: String? = nil, at offset: Int) {
        self.kind = kind
        self.entry = entry
        self.offset = offset
    }

    /// The reason in English, with the array's name but without the offset.
    public var reason: String {
        let text =
            switch kind {
            case .notZip: "not an npz file: no zip directory at its end"
            case .damaged(let why): "the zip archive is damaged: \(why)"
            case .unsupported(let what): "\(what) zip archives are not supported"
            case .duplicateName: "the name appears twice"
            case .missing: "it is missing"
            case .tooLarge(let size, let limit): "\(size) bytes uncompressed, at most \(limit) allowed"
            case .inflate(let error): error.reason
            case .checksumMismatch: "the checksum does not match"
            case .npy(let error): error.reason
            }
        return entry.map { "array \"\($0)\": \(text)" } ?? text
    }

    /// The reason and the offset.
    public var description: String { "\(reason) (at byte \(offset))" }
}
