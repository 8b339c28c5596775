// Built by Tests/Fuzz/run into one module with the sources of TensorFormats: what it calls may be internal.

/// Bodies of any octets in every format: reading never traps, and reserves no more than the body can hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFormats(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 1 else { return 0 }
    let all = UnsafeRawBufferPointer(start: start, count: count)
    let body = UnsafeRawBufferPointer(rebasing: all[1...])
    // The first octet chooses the reader, so that what is found for one is not lost on the others.
    switch all[0] % 9 {
    case 0: readObject(body)
    case 1: if let view = try? ArrayView(npy: body, name: "features") { read(view) }
    case 2: readArchive(body)
    case 3: readTensors(body)
    case 4: readLines(body, cut: Int(all[0]) % body.count)
    case 5: readRequest(body, headerCount: nil)
    case 6: readRequest(body, headerCount: Int(all[0]))
    case 7: decompress(body)
    default:
        if let value = try? JSONValue(parsing: body) {
            // What was read can be written and read again.
            var writer = JSONWriter()
            writer.write(value)
            precondition((try? writer.withUnsafeBytes { try JSONValue(parsing: $0) }) != nil, "what is written cannot be read")
        }
    }
    return 0
}

/// An inflated array may be this long.
private let maximumArray = 1 << 16

private func readObject(_ body: UnsafeRawBufferPointer) {
    var single: [Float] = []
    var double: [Double] = []
    var labels = PackedStrings()
    for columns in 1...2 {
        var scanner = JSONScanner(body)
        var copy = scanner
        _ = try? scanner.readMatrix(field: "features", columns: columns, into: &single, maximumRows: .max, maximumMagnitude: 1e50)
        _ = try? copy.readMatrix(field: "features", columns: columns, into: &double, maximumRows: .max, maximumMagnitude: 1e50)
        precondition(double.count <= body.count && double.allSatisfy { $0.isFinite } && single.allSatisfy { $0.isFinite })
    }
    var scanner = JSONScanner(body)
    _ = try? scanner.readLabels(field: "labels", into: &labels, maximumCount: .max, maximumBytes: 1024)
    precondition(labels.byteCount <= body.count)
    var skipper = JSONScanner(body)
    if (try? skipper.skipValue()) != nil { precondition(skipper.position <= body.count) }
}

private func read(_ view: ArrayView) {
    let columns = view.layout.shape.count == 2 ? view.layout.shape[1] : 1
    var values: [Float] = []
    var labels = PackedStrings()
    if let rows = try? view.appendMatrix(columns: columns, into: &values, maximumRows: 1 << 16, maximumMagnitude: 1e50) {
        precondition(values.count == rows * columns && values.allSatisfy { $0.isFinite })
    }
    if let rows = try? view.appendLabels(into: &labels, maximumCount: 1 << 16, maximumBytes: 1024) { precondition(labels.count == rows) }
}

private func readArchive(_ body: UnsafeRawBufferPointer) {
    guard let archive = try? NpzArchive(body) else { return }
    for name in archive.names.prefix(8) {
        guard let array = try? archive.array(named: name, maximumByteCount: maximumArray) else { continue }
        array.withView { read($0) }
    }
}

private func readTensors(_ body: UnsafeRawBufferPointer) {
    guard let file = try? SafetensorsReader(body) else { return }
    for tensor in file.tensors {
        precondition(file.bytes(of: tensor).count == tensor.dataRange.count)
        if let view = try? file.array(named: tensor.name) { read(view) }
    }
    _ = try? file.verifyChecksums()
}

private func readLines(_ body: UnsafeRawBufferPointer, cut: Int) {
    func lines(_ pieces: [UnsafeRawBufferPointer]) -> [[UInt8]] {
        var splitter = LineSplitter(maximumLineBytes: 64)
        var result: [[UInt8]] = []
        do {
            for piece in pieces {
                splitter.append(piece)
                while let line = try splitter.nextLine() { result.append(splitter.withUnsafeBytes(of: line) { Array($0) }) }
            }
            splitter.finish()
            while let line = try splitter.nextLine() { result.append(splitter.withUnsafeBytes(of: line) { Array($0) }) }
        } catch {}
        return result
    }
    let whole = lines([body])
    let pieces = lines([UnsafeRawBufferPointer(rebasing: body[..<cut]), UnsafeRawBufferPointer(rebasing: body[cut...])])
    precondition(whole == pieces, "the pieces matter")
}

private let signature = InferenceSignature(
    input: "features", outputs: ["label": false, "score": true], parameter: "weights", values: ["plain", "balanced"], maximumMagnitude: 1e50
)

/// Inference requests; with a length of the header, what stands behind it is binary.
private func readRequest(_ body: UnsafeRawBufferPointer, headerCount: Int?) {
    var request = InferenceRequest()
    var single: [Float] = []
    var double: [Double] = []
    for columns in 1...2 {
        guard let reader = try? InferenceRequestReader(signature, columns: columns, body: body, headerCount: headerCount) else { return }
        (single, double) = ([], [])
        if let fits = try? reader.read(into: &request, values: &single) {
            precondition(single.count == (fits ? request.rows * columns : 0) && single.allSatisfy { $0.isFinite })
            precondition(request.id.count <= body.count && request.outputs.count <= 2)
        } else {
            precondition(single.isEmpty, "values are left after an error")
        }
        if let fits = try? reader.read(into: &request, values: &double) {
            precondition(fits && double.count == request.rows * columns && double.allSatisfy { $0.magnitude <= 1e50 })
        }
    }
}

/// Compressed bodies: what comes out is within the limit.
private func decompress(_ body: UnsafeRawBufferPointer) {
    for coding in [ContentCoding.gzip, .deflate] {
        guard let content = try? coding.decompress(body, limit: maximumArray) else { continue }
        precondition(content.count <= maximumArray)
    }
}
