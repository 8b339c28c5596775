/// Why an npy file was refused, and where.
public struct NpyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public enum Kind: Equatable, Sendable {
        /// The file ends before what is needed.
        case truncated(needed: Int, available: Int)
        /// The file does not start as npy files do.
        case notNpy
        /// A version of the format that is not known.
        case unknownVersion(UInt8, UInt8)
        /// A header longer than the limit.
        case headerTooLong(Int, limit: Int)
        /// A header that is not the dictionary that the format asks for.
        case invalidHeader(String)
        /// An array of Python objects, which only Python could read, by running what the file says.
        case objectArray
        /// An element type that holds neither features nor labels.
        case unsupportedType(String)
        /// A shape whose size in bytes overflows.
        case shapeTooLarge([Int])
        /// More or fewer bytes of data than the shape needs.
        case wrongByteCount(Int, expected: Int)
    }

    /// What was wrong.
    public var kind: Kind
    /// The offset in bytes at which it was found.
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
