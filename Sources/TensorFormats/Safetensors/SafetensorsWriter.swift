/// Why writing a safetensors file failed: the sink threw, or the data does not fit the layout.
public enum SafetensorsWritingError<SinkError: Error>: Error {
    /// The sink's own error.
    case sink(SinkError)
    /// Data that does not fit the layout.
    case layout(SafetensorsError)
}

/// Writes a safetensors file in pieces to a sink such as a file, a socket or a buffer.
///
/// Tensors must come in the layout's order, each in any number of pieces; empty tensors need none. Checksums, if the layout has them, are
/// computed on the way.
///
/// ```swift
/// var layout = SafetensorsLayout()
/// try layout.addTensor("weight", type: .f64, shape: [width, classes])
/// try layout.addChecksums()
/// var writer = SafetensorsWriter(layout) { bytes throws(StorageError) in try file.append(bytes) }
/// for row in rows { try writer.append(row, to: "weight") }
/// try writer.finish()
/// ```
public struct SafetensorsWriter<SinkError: Error> {
    /// Receives the bytes, in order.
    public typealias Sink = (UnsafeRawBufferPointer) throws(SinkError) -> Void
    /// What the writer's methods throw.
    public typealias Failure = SafetensorsWritingError<SinkError>

    /// The size of the whole file in bytes.
    public let totalByteCount: Int
    /// The bytes given to the sink so far.
    public private(set) var writtenByteCount = 0

    private let layout: SafetensorsLayout
    private let header: [UInt8]
    private let sink: Sink
    /// The tensor being written, and how many of its bytes are written.
    private var index = 0
    private var written = 0
    private var checksum = CRC32C()
    private var checksums: [UInt32] = []

    /// A writer that has written nothing.
    public init(_ layout: SafetensorsLayout, sink: @escaping Sink) {
        self.layout = layout
        self.sink = sink
        header = layout.headerBytes()
        totalByteCount = header.count + layout.dataByteCount
    }

    /// Writes the next elements of a tensor.
    ///
    /// - Throws: The sink's error, or one for a tensor that is not next, has another type, or is already full.
    public mutating func append<Element: TensorElement>(
        _ elements: UnsafeBufferPointer<Element>, to name: String
    ) throws(Failure) {
        try advance(to: name)
        let tensor = layout.tensors[index]
        guard tensor.type == Element.tensorType else {
            throw .layout(SafetensorsError(.wrongType(Element.tensorType, expected: [tensor.type]), tensor: name, at: offset))
        }
        try write(UnsafeRawBufferPointer(elements))
    }

    /// Writes the next elements of a tensor.
    public mutating func append<Element: TensorElement>(_ elements: [Element], to name: String) throws(Failure) {
        try elements.withUnsafeBufferPointer { (buffer) throws(Failure) in try append(buffer, to: name) }
    }

    /// Writes the next bytes of a tensor of any type; a piece may end inside an element.
    public mutating func append(bytes: UnsafeRawBufferPointer, to name: String) throws(Failure) {
        try advance(to: name)
        try write(bytes)
    }

    /// Checks that every tensor has all its data and writes the checksums, if the layout has them.
    public mutating func finish() throws(Failure) {
        try beginIfNeeded()
        try skipCompleteTensors(before: layout.tensors.count - (layout.checksumTensor == nil ? 0 : 1))
        if let name = layout.checksumTensor {
            let values = checksums
            try append(values, to: name)
            try skipCompleteTensors(before: layout.tensors.count)
        }
    }

    private var offset: Int { writtenByteCount }

    private mutating func beginIfNeeded() throws(Failure) {
        guard writtenByteCount == 0 else { return }
        if layout.checksumTensor != nil { checksums.append(header.withUnsafeBytes { CRC32C($0).value }) }
        try header.withUnsafeBufferPointer { (buffer) throws(Failure) in try send(UnsafeRawBufferPointer(buffer)) }
    }

    private mutating func advance(to name: String) throws(Failure) {
        try beginIfNeeded()
        guard index < layout.tensors.count, !layout.tensors[index].name.hasSameBytes(as: name),
            let target = layout.tensors[index...].firstIndex(where: { $0.name.hasSameBytes(as: name) })
        else { return try requireTensor(name) }
        try skipCompleteTensors(before: target)
    }

    private func requireTensor(_ name: String) throws(Failure) {
        let next = index < layout.tensors.count ? layout.tensors[index].name : nil
        guard next?.hasSameBytes(as: name) == true else {
            throw .layout(SafetensorsError(.unexpectedTensor(next: next), tensor: name, at: offset))
        }
    }

    /// Moves on to the tensor at `target`; those before it must have all their data.
    private mutating func skipCompleteTensors(before target: Int) throws(Failure) {
        while index < target {
            let tensor = layout.tensors[index]
            let missing = tensor.dataRange.count - written
            if missing > 0 { throw .layout(SafetensorsError(.missingData(bytes: missing), tensor: tensor.name, at: offset)) }
            checksums.append(checksum.value)
            checksum = CRC32C()
            written = 0
            index += 1
        }
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        let tensor = layout.tensors[index]
        guard bytes.count <= tensor.dataRange.count - written else {
            throw .layout(SafetensorsError(.tooMuchData, tensor: tensor.name, at: offset))
        }
        written += bytes.count
        if layout.checksumTensor != nil { checksum.update(bytes) }
        try send(bytes)
    }

    private mutating func send(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        guard !bytes.isEmpty else { return }
        do { try sink(bytes) } catch { throw .sink(error) }
        writtenByteCount += bytes.count
    }
}
