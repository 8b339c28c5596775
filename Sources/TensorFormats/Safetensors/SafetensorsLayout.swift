/// The planned content of a safetensors file: its metadata and tensors, in the order of writing.
///
/// The layout fixes the header and the size of the file before any data exists, so that a file can be streamed with a known length.
public struct SafetensorsLayout: Sendable {
    /// The format's key for its metadata; no tensor may have this name.
    static let metadataKey = "__metadata__"

    /// The metadata so far.
    public private(set) var metadata = SafetensorsMetadata()
    /// The tensors so far, in the order of their data.
    public private(set) var tensors: [SafetensorsTensor] = []
    /// The tensor that the writer fills with checksums, if any; always the last.
    private(set) var checksumTensor: String?
    private var names: Set<ExactName> = []

    /// A layout without tensors.
    public init() {}

    /// The size of all tensors in bytes.
    public var dataByteCount: Int { tensors.last?.dataRange.upperBound ?? 0 }

    /// Declares a metadata entry.
    ///
    /// - Throws: `SafetensorsError` if the key is taken.
    public mutating func addMetadata(_ key: String, _ value: String) throws(SafetensorsError) {
        guard metadata[key] == nil else { throw SafetensorsError(.nameTaken, tensor: Self.metadataKey + "." + key, at: 0) }
        metadata.append(key, value)
    }

    /// Declares the next tensor.
    ///
    /// - Throws: `SafetensorsError` if the name is taken or reserved, or the size overflows.
    public mutating func addTensor(_ name: String, type: TensorElementType, shape: [Int]) throws(SafetensorsError) {
        let start = dataByteCount
        guard name != Self.metadataKey, checksumTensor == nil, names.insert(ExactName(name)).inserted else {
            throw SafetensorsError(.nameTaken, tensor: name, at: start)
        }
        guard let size = type.byteCount(shape: shape), case let (end, overflow) = start.addingReportingOverflow(size), !overflow else {
            throw SafetensorsError(.shapeTooLarge(shape), tensor: name, at: start)
        }
        tensors.append(SafetensorsTensor(name: name, type: type, shape: shape, dataRange: start..<end))
    }

    /// Declares the last tensor, filled by the writer: one `U32` for the header and one for each tensor before it.
    ///
    /// The first value is the CRC-32C of the header with its length; those of the tensors follow in order.
    ///
    /// - Throws: `SafetensorsError` if the name is taken.
    public mutating func addChecksums(named name: String = "crc32c") throws(SafetensorsError) {
        try addTensor(name, type: .u32, shape: [tensors.count + 1])
        checksumTensor = name
    }

    /// The start of the file: the header's length in eight bytes, then the header, padded so that the data starts at a multiple of eight
    /// bytes.
    public func headerBytes() -> [UInt8] {
        var writer = JSONWriter()
        writer.append(raw: "\0\0\0\0\0\0\0\0")
        writer.beginObject()
        if !metadata.entries.isEmpty {
            writer.key(Self.metadataKey)
            writer.beginObject()
            for entry in metadata.entries {
                writer.key(entry.key)
                writer.write(entry.value)
            }
            writer.endObject()
        }
        for tensor in tensors {
            writer.key(tensor.name)
            writer.beginObject()
            writer.member("dtype", tensor.type.rawValue)
            writer.key("shape")
            writer.beginArray()
            for dimension in tensor.shape { writer.write(dimension) }
            writer.endArray()
            writer.key("data_offsets")
            writer.beginArray()
            writer.write(tensor.dataRange.lowerBound)
            writer.write(tensor.dataRange.upperBound)
            writer.endArray()
            writer.endObject()
        }
        writer.endObject()
        var header = writer.array
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        let length = UInt64(header.count - 8)
        for index in 0..<8 { header[index] = UInt8(truncatingIfNeeded: length >> UInt64(8 * index)) }
        return header
    }

    /// The size of the whole file in bytes.
    ///
    /// - Complexity: That of `headerBytes`.
    public var totalByteCount: Int { headerBytes().count + dataByteCount }
}
