/// A safetensors file in memory, often a mapped one, checked completely before any of it is returned.
///
/// Refuses a file shorter or longer than its header says, tensors that overlap or leave holes, duplicate names and keys, offsets that do
/// not fit shape and type, sizes that overflow, unknown element types, and more tensors than `maximumEntries`. The bytes must stay valid
/// while the reader is used.
///
/// The format: https://github.com/huggingface/safetensors, section "Format".
public struct SafetensorsReader {
    /// The longest header accepted, as in the reference implementation.
    public static let maximumHeaderBytes = 100_000_000
    /// The most tensors and the most metadata entries accepted: many times what rows or a model have. Each takes more memory than its few
    /// bytes of header.
    public static let maximumEntries = 1024

    /// The string entries of the header.
    public let metadata: SafetensorsMetadata
    /// The tensors in the order of their data.
    public let tensors: [SafetensorsTensor]
    /// The header with its length, as in the file.
    public let header: UnsafeRawBufferPointer
    /// The data of all tensors.
    public let data: UnsafeRawBufferPointer
    private let indexes: [ExactName: Int]

    /// Reads and checks the header of a file.
    ///
    /// - Complexity: O(h + t log t) for a header of h bytes and t tensors; data is not touched.
    public init(_ file: UnsafeRawBufferPointer) throws(SafetensorsError) {
        guard file.count >= 8 else { throw SafetensorsError(.truncated(needed: 8, available: file.count), at: file.count) }
        let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(Self.maximumHeaderBytes) else {
            throw SafetensorsError(.headerTooLarge(length, limit: Self.maximumHeaderBytes), at: 0)
        }
        let headerEnd = 8 + Int(length)
        guard headerEnd <= file.count else {
            throw SafetensorsError(.truncated(needed: headerEnd, available: file.count), at: file.count)
        }
        header = UnsafeRawBufferPointer(rebasing: file[..<headerEnd])
        data = UnsafeRawBufferPointer(rebasing: file[headerEnd...])

        var parser = SafetensorsHeaderParser(UnsafeRawBufferPointer(rebasing: file[8..<headerEnd]))
        try parser.parse()
        let sorted = parser.tensors.sorted {
            ($0.dataRange.lowerBound, $0.dataRange.upperBound) < ($1.dataRange.lowerBound, $1.dataRange.upperBound)
        }
        var end = 0
        for tensor in sorted {
            let start = tensor.dataRange.lowerBound
            if start < end { throw SafetensorsError(.overlap, tensor: tensor.name, at: headerEnd + start) }
            if start > end { throw SafetensorsError(.hole(bytes: start - end), tensor: tensor.name, at: headerEnd + end) }
            end = tensor.dataRange.upperBound
            if end > data.count {
                // Each is at most Int.max; their sum may be larger.
                let (needed, overflow) = headerEnd.addingReportingOverflow(end)
                let kind = SafetensorsError.Kind.truncated(needed: overflow ? .max : needed, available: file.count)
                throw SafetensorsError(kind, tensor: tensor.name, at: file.count)
            }
        }
        if end < data.count { throw SafetensorsError(.trailingBytes(data.count - end), at: headerEnd + end) }
        metadata = parser.metadata
        tensors = sorted
        indexes = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { (ExactName($1.name), $0) })
    }

    /// The tensor with a name, or nil.
    public func tensor(named name: String) -> SafetensorsTensor? {
        indexes[ExactName(name)].map { tensors[$0] }
    }

    /// The tensor with a name. It must exist and have one of the given types and, if given, the shape.
    public func requireTensor(
        named name: String, types: [TensorElementType], shape: [Int]? = nil
    ) throws(SafetensorsError) -> SafetensorsTensor {
        guard let tensor = tensor(named: name) else { throw SafetensorsError(.missingTensor, tensor: name, at: header.count) }
        guard types.contains(tensor.type) else {
            throw SafetensorsError(.wrongType(tensor.type, expected: types), tensor: name, at: fileOffset(of: tensor))
        }
        if let shape, tensor.shape != shape {
            throw SafetensorsError(.wrongShape(tensor.shape, expected: shape), tensor: name, at: fileOffset(of: tensor))
        }
        return tensor
    }

    /// Where a tensor's data starts, in bytes from the start of the file.
    public func fileOffset(of tensor: SafetensorsTensor) -> Int { header.count + tensor.dataRange.lowerBound }

    /// The data of a tensor of this file, at the alignment that it has there.
    ///
    /// - Precondition: The tensor is within this file's data, as all of `tensors` are.
    public func bytes(of tensor: SafetensorsTensor) -> UnsafeRawBufferPointer {
        // The slice itself is checked only in debug builds.
        precondition(tensor.dataRange.lowerBound >= 0 && tensor.dataRange.upperBound <= data.count)
        return UnsafeRawBufferPointer(rebasing: data[tensor.dataRange])
    }
}

/// Why access to a tensor's elements failed: the tensor does not fit, or the caller's closure threw.
public enum SafetensorsAccessError<BodyError: Error>: Error {
    /// The tensor does not match the request.
    case format(SafetensorsError)
    /// The error of the closure.
    case body(BodyError)
}
