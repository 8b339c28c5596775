/// Why an npy file was refused, and where.
public struct NpyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public enum Kind: Equatable, Sendable {
        /// The file ends too early.
        case truncated(needed: Int, available: Int)
        /// The file does not start like an npy file.
        case notNpy
        /// An unknown version of the format.
        case unknownVersion(UInt8, UInt8)
        /// A header longer than the limit.
        case headerTooLong(Int, limit: Int)
        /// A header that is not the dictionary that the format requires.
        case invalidHeader(String)
        /// An array of Python objects, which only Python could read, by running code from the file.
        case objectArray
        /// An element type for neither features nor labels.
        case unsupportedType(String)
        /// A shape whose size in bytes overflows.
        case shapeTooLarge([Int])
        /// More or fewer bytes of data than the shape needs.
        case wrongByteCount(Int, expected: Int)
    }

    /// What was wrong.
    public var kind: Kind
    /// The offset of the error in bytes.
    public var offset: Int

    /// Makes an error.
    public init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
    }

    /// The reason in English, without the offset.
    public var reason: String {
        switch kind {
        case .truncated(let needed, let available): "the npy file is truncated: \(needed) bytes needed, \(available) available"
        case .notNpy: "not an npy file: it does not start with \\x93NUMPY"
        case .unknownVersion(let major, let minor): "unknown npy version \(major).\(minor)"
        case .headerTooLong(let length, let limit): "the npy header is \(length) bytes long, at most \(limit) allowed"
        case .invalidHeader(let why): "invalid npy header: \(why)"
        case .objectArray: "arrays of Python objects are not supported; save the array with a numeric or string dtype"
        case .unsupportedType(let type): "dtype '\(type)' is not supported"
        case .shapeTooLarge(let shape): "the size of shape \(shape) overflows"
        case .wrongByteCount(let count, let expected): "the array has \(count) bytes of data, but its shape needs \(expected)"
        }
    }

    /// The reason and the offset.
    public var description: String { "\(reason) (at byte \(offset))" }
}
