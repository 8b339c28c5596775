/// Why a safetensors file was refused or could not be written, and where.
public struct SafetensorsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public enum Kind: Equatable, Sendable {
        // Reading.
        /// The file ends before the end that its header announces.
        case truncated(needed: Int, available: Int)
        /// The header's length exceeds the limit.
        case headerTooLarge(UInt64, limit: Int)
        /// More tensors or metadata entries than allowed.
        case tooMany(String, limit: Int)
        /// The header is not the JSON that the format requires.
        case header(JSONError)
        /// A tensor's description lacks a key.
        case missingKey(String)
        /// An unknown element type.
        case unknownType(String)
        /// A shape whose size in bytes overflows.
        case shapeTooLarge([Int])
        /// Offsets that are not a range.
        case invalidOffsets(Int, Int)
        /// Offsets that do not fit shape and type.
        case wrongByteCount(Int, expected: Int)
        /// Unused bytes between two tensors.
        case hole(bytes: Int)
        /// A tensor that starts before the previous one ends.
        case overlap
        /// Bytes after the last tensor.
        case trailingBytes(Int)
        /// A required tensor is missing.
        case missingTensor
        /// A tensor unknown to the reader.
        case unknownTensor
        /// A tensor whose element type the reader does not accept.
        case wrongType(TensorElementType, expected: [TensorElementType])
        /// A tensor whose shape the reader does not accept.
        case wrongShape([Int], expected: [Int])
        /// The bytes do not match the stored checksum.
        case checksumMismatch(stored: UInt32, computed: UInt32)
        // Declaring and writing.
        /// A name given to two tensors or two metadata entries, or reserved by the format.
        case nameTaken
        /// Data for a tensor that is not declared, or not next.
        case unexpectedTensor(next: String?)
        /// More data than the tensor holds.
        case tooMuchData
        /// A tensor that did not get all its data.
        case missingData(bytes: Int)
    }

    /// What was wrong.
    public var kind: Kind
    /// The tensor concerned, if any.
    public var tensor: String?
    /// The offset of the error in bytes from the start of the file.
    public var offset: Int

    /// Makes an error.
    public init(_ kind: Kind, tensor: String? = nil, at offset: Int) {
        self.kind = kind
        self.tensor = tensor
        self.offset = offset
    }

    /// The reason in English, with the tensor's name but without the offset.
    public var reason: String {
        guard let tensor else { return text }
        return "tensor \"\(tensor)\": \(text)"
    }

    /// The reason and the offset.
    public var description: String { "\(reason) (at byte \(offset))" }

    private var text: String {
        switch kind {
        case .truncated(let needed, let available): "the file is truncated: \(needed) bytes needed, \(available) available"
        case .headerTooLarge(let bytes, let limit): "the header's length is \(bytes) bytes, at most \(limit) allowed"
        case .tooMany(let what, let limit): "the file has more than \(limit) \(what)"
        case .header(let error): "invalid header: \(error.reason)"
        case .missingKey(let key): "\"\(key)\" is missing"
        case .unknownType(let name): "unknown dtype \"\(name)\""
        case .shapeTooLarge(let shape): "the size of shape \(shape) overflows"
        case .invalidOffsets(let start, let end): "data_offsets [\(start), \(end)] are not a range"
        case .wrongByteCount(let count, let expected): "data_offsets span \(count) bytes, shape and dtype need \(expected)"
        case .hole(let bytes): "\(bytes) bytes before it belong to no tensor"
        case .overlap: "it overlaps the tensor before it"
        case .trailingBytes(let bytes): "\(bytes) bytes follow the last tensor"
        case .missingTensor: "it is missing"
        case .unknownTensor: "it is not a known tensor"
        case .wrongType(let type, let expected):
            "dtype is \(type), expected \(expected.map(\.rawValue).joined(separator: " or "))"
        case .wrongShape(let shape, let expected): "shape is \(shape), expected \(expected)"
        case .checksumMismatch(let stored, let computed):
            "the checksum does not match: 0x\(String(stored, radix: 16)) stored, 0x\(String(computed, radix: 16)) computed"
        case .nameTaken: "the name is taken"
        case .unexpectedTensor(let next): "it is not next; \(next.map { "\"\($0)\" is" } ?? "all tensors are complete")"
        case .tooMuchData: "more data than its shape holds"
        case .missingData(let bytes): "\(bytes) bytes of its data are missing"
        }
    }
}
