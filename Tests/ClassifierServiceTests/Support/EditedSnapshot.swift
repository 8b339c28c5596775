import TensorFormats

/// A snapshot taken apart, to change and reassemble with valid checksums.
struct EditedSnapshot {
    struct Tensor {
        var type: TensorElementType
        var shape: [Int]
        var bytes: [UInt8]
    }

    /// In the order of the file, without the checksums.
    private(set) var names: [String] = []
    private var tensors: [String: Tensor] = [:]
    private(set) var metadata: [(key: String, value: String)] = []
    /// Offsets of the regions: the header, then each tensor, including the checksums.
    private(set) var regions: [(name: String, range: Range<Int>)] = []

    init(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { buffer in
            let reader = try SafetensorsReader(buffer)
            metadata = reader.metadata.entries.map { ($0.key, $0.value) }
            regions = [("header", 0..<(reader.tensors.first.map(reader.fileOffset) ?? buffer.count))]
            for tensor in reader.tensors {
                let start = reader.fileOffset(of: tensor)
                regions.append((tensor.name, start..<(start + tensor.dataRange.count)))
                guard tensor.name != "crc32c" else { continue }
                names.append(tensor.name)
                tensors[tensor.name] = Tensor(type: tensor.type, shape: tensor.shape, bytes: Array(reader.bytes(of: tensor)))
            }
        }
    }

    subscript(name: String) -> Tensor? {
        get { tensors[name] }
        set {
            if newValue == nil { names.removeAll { $0 == name } }
            if newValue != nil, tensors[name] == nil { names.append(name) }
            tensors[name] = newValue
        }
    }

    /// A tensor's elements.
    func elements<Element: TensorElement>(_ name: String, as type: Element.Type = Element.self) -> [Element] {
        guard let bytes = tensors[name]?.bytes else { return [] }
        return bytes.withUnsafeBytes { buffer in
            stride(from: 0, to: buffer.count, by: MemoryLayout<Element>.size).map { buffer.loadUnaligned(fromByteOffset: $0, as: type) }
        }
    }

    /// Changes one element of a tensor.
    mutating func set<Element: TensorElement>(_ name: String, _ index: Int, to value: Element) {
        withUnsafeBytes(of: value) { bytes in
            let start = index * bytes.count
            tensors[name]?.bytes.replaceSubrange(start..<(start + bytes.count), with: bytes)
        }
    }

    /// Changes or removes an entry of the metadata.
    mutating func setMetadata(_ key: String, _ value: String?) {
        guard let index = metadata.firstIndex(where: { $0.key == key }) else {
            if let value { metadata.append((key, value)) }
            return
        }
        if let value { metadata[index].value = value } else { metadata.remove(at: index) }
    }

    func metadataValue(_ key: String) -> String? { metadata.first { $0.key == key }?.value }

    var labels: [String] {
        ((try? JSONValue(parsing: metadataValue("labels") ?? "[]"))?.array ?? []).compactMap(\.string)
    }

    /// The file, with its checksums.
    func encoded() throws -> [UInt8] {
        var layout = SafetensorsLayout()
        for entry in metadata { try layout.addMetadata(entry.key, entry.value) }
        for name in names { try layout.addTensor(name, type: tensors[name]!.type, shape: tensors[name]!.shape) }
        try layout.addChecksums()
        let output = Output()
        var writer = SafetensorsWriter(layout) { (bytes: UnsafeRawBufferPointer) throws(Never) in output.bytes += bytes }
        for name in names { try tensors[name]!.bytes.withUnsafeBytes { try writer.append(bytes: $0, to: name) } }
        try writer.finish()
        return output.bytes
    }

    private final class Output {
        var bytes: [UInt8] = []
    }
}
