// Built by Tests/Fuzz/run into one module with the sources of TensorFormats: it may call internal functions.

import Glibc

/// Bodies of arbitrary octets in the format that the environment names: reading never traps, and reserves no more than the body can hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFormats(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // The first call has no octets: an unknown name ends the fuzzer at its start.
    let read = reader
    guard let start, count > 0 else { return 0 }
    AllocationCount.check(octets: count) { read(UnsafeRawBufferPointer(start: start, count: count)) }
    return 0
}

/// Counts a call's heap memory, through the address sanitizer's hooks.
private enum AllocationCount {
    /// Bytes per octet of the input: a value of two octets is a node of a tree, and trees are compared with each other.
    private static let perOctet = 64
    /// Allowed for any input: buffers of the readers, and arrays that are inflated by doubling.
    private static let constant = (16 << 10) + 4 * maximumArray

    private nonisolated(unsafe) static var isOn = false
    private nonisolated(unsafe) static var held = 0
    private nonisolated(unsafe) static var most = 0
    private static let isInstalled = __sanitizer_install_malloc_and_free_hooks(
        { _, size in
            guard isOn else { return }
            held += size
            most = max(most, held)
        },
        { pointer in if isOn, let pointer { held -= __sanitizer_get_allocated_size(pointer) } })

    /// Ends the process if the call held more than this many bytes per octet.
    static func check(octets: Int, _ body: () -> Void) {
        precondition(isInstalled > 0, "the hooks could not be installed")
        (held, most, isOn) = (0, 0, true)
        body()
        isOn = false
        precondition(most <= perOctet * octets + constant, "\(most) bytes were held for \(octets) octets")
    }
}

@_silgen_name("__sanitizer_install_malloc_and_free_hooks")
private func __sanitizer_install_malloc_and_free_hooks(
    _ malloc: @convention(c) (UnsafeRawPointer?, Int) -> Void, _ free: @convention(c) (UnsafeRawPointer?) -> Void
) -> CInt

@_silgen_name("__sanitizer_get_allocated_size")
private func __sanitizer_get_allocated_size(_ pointer: UnsafeRawPointer) -> Int

/// Separate fuzzers with separate corpora: findings of one say nothing about the others.
private nonisolated(unsafe) let reader: (UnsafeRawBufferPointer) -> Void = {
    let name = getenv("ACCRUE_FUZZ_READER").map { String(cString: $0) } ?? ""
    switch name {
    case "json-matrix": return readObject
    case "json-value": return readValue
    case "npy": return { body in if let view = try? ArrayView(npy: body, name: "features") { read(view) } }
    case "npz": return readArchive
    case "safetensors": return readTensors
    case "lines": return readLines
    case "inference": return { readRequest($0, headerCount: nil) }
    case "inference-binary": return { body in withNumber(body) { readRequest($1, headerCount: $0) } }
    case "content-coding": return decompress
    case "inflate": return inflate
    default: fatalError("there is no reader named \"\(name)\"")
    }
}()

/// The longest inflated array: many times the input.
private let maximumArray = 1 << 18

/// Calls `body` with a number from the first two octets, and the rest.
private func withNumber(_ input: UnsafeRawBufferPointer, _ body: (Int, UnsafeRawBufferPointer) -> Void) {
    guard input.count > 2 else { return }
    body(Int(input[0]) | Int(input[1]) << 8, UnsafeRawBufferPointer(rebasing: input[2...]))
}

private func readObject(_ body: UnsafeRawBufferPointer) {
    var single: [Float] = []
    var double: [Double] = []
    var labels = PackedStrings()
    for columns in 1...2 {
        (single, double) = ([], [])
        var scanner = JSONScanner(body)
        var copy = scanner
        let singles = try? scanner.readMatrix(field: "features", columns: columns, into: &single, maximumRows: .max, maximumMagnitude: 1e50)
        let doubles = try? copy.readMatrix(field: "features", columns: columns, into: &double, maximumRows: .max, maximumMagnitude: 1e50)
        precondition(double.count <= body.count && double.allSatisfy { $0.magnitude <= 1e50 } && single.allSatisfy { $0.isFinite })
        if let singles { precondition(singles == doubles && single.count == double.count, "what Float holds, Double does") }
    }
    var scanner = JSONScanner(body)
    _ = try? scanner.readLabels(field: "labels", into: &labels, maximumCount: .max, maximumBytes: 1024)
    precondition(labels.byteCount <= body.count)
    var skipper = JSONScanner(body)
    if (try? skipper.skipValue()) != nil { precondition(skipper.position <= body.count) }
    var number = JSONScanner(body)
    var again = number
    if let integer = try? number.readIntegralNumber(), let double = try? again.readDouble() {
        precondition(Double(integer) == double, "an integer is rounded once")
    }
}

private func readValue(_ body: UnsafeRawBufferPointer) {
    guard let value = try? JSONValue(parsing: body) else { return }
    // Everything read can be written and read again, and skipped.
    var writer = JSONWriter()
    writer.write(value)
    let text = writer.array
    let again = text.withUnsafeBytes { try? JSONValue(parsing: $0) }
    precondition(again?.description == String(decoding: text, as: UTF8.self), "what is written is read as something else")
    precondition(again?.int == value.int && again?.uint64 == value.uint64 && again?.double == value.double)
    var skipper = JSONScanner(body)
    precondition((try? skipper.skipValue()) != nil, "what can be read cannot be skipped")
}

private func read(_ view: ArrayView) {
    let columns = view.layout.shape.count == 2 ? view.layout.shape[1] : 1
    var values: [Float] = []
    var doubles: [Double] = []
    var labels = PackedStrings()
    _ = FileSignature(view.bytes)
    if let rows = try? view.appendMatrix(columns: columns, into: &values, maximumRows: 1 << 16, maximumMagnitude: 1e50) {
        precondition(values.count == rows * columns && values.allSatisfy { $0.isFinite })
    }
    if let rows = try? view.appendMatrix(columns: columns, into: &doubles, maximumRows: 1 << 16, maximumMagnitude: 1e50) {
        precondition(doubles.count == rows * columns && doubles.allSatisfy { $0.magnitude <= 1e50 })
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
        if let count = try? file.withTensor(tensor, as: Double.self, { $0.count }) { precondition(count == tensor.elementCount) }
        if let elements = try? file.array(of: tensor, as: Int64.self) { precondition(elements.count == tensor.elementCount) }
    }
    let doubles = file.tensors.filter { $0.type == .f64 }
    if let counts = try? file.withTensors(doubles, as: Double.self, { $0.map(\.count) }) {
        precondition(counts == doubles.map(\.elementCount))
    }
    _ = try? file.verifyChecksums()
}

private func readLines(_ body: UnsafeRawBufferPointer) {
    func lines(_ pieces: [UnsafeRawBufferPointer]) -> [[UInt8]] {
        var splitter = LineSplitter(maximumLineBytes: 64)
        var result: [[UInt8]] = []
        do {
            for piece in pieces {
                splitter.append(piece)
                while let line = try splitter.nextLine() { result.append(splitter.withUnsafeBytes(of: line) { Array($0) }) }
                precondition(splitter.pendingByteCount <= 64 + 1, "more than a line is kept")
            }
            splitter.finish()
            while let line = try splitter.nextLine() { result.append(splitter.withUnsafeBytes(of: line) { Array($0) }) }
        } catch {}
        return result
    }
    withNumber(body) { number, text in
        let cut = number % text.count
        let whole = lines([text])
        let pieces = lines([UnsafeRawBufferPointer(rebasing: text[..<cut]), UnsafeRawBufferPointer(rebasing: text[cut...])])
        precondition(whole == pieces, "the pieces matter")
    }
}

private let signature = InferenceSignature(
    input: "features", outputs: ["label": false, "score": true], parameter: "weights", values: ["plain", "balanced"],
    numbers: ["balance": 0...1], maximumMagnitude: 1e50)

/// Inference requests; with a header length, what follows the header is binary.
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

/// Compressed bodies: the output stays within the limit.
private func decompress(_ body: UnsafeRawBufferPointer) {
    for coding in [ContentCoding.gzip, .deflate] {
        guard let content = try? coding.decompress(body, limit: maximumArray) else {
            // A different reader handles pieces: trailing zeros are allowed there.
            if case .gzip = coding { _ = gunzip(body, piece: Int(body[0]) + 1) }
            continue
        }
        precondition(content.count <= maximumArray)
        guard case .gzip = coding else { continue }
        guard let pieces = gunzip(body, piece: Int(body[0]) + 1) else { preconditionFailure("pieces are refused") }
        content.withUnsafeBytes { bytes in precondition(pieces.elementsEqual(bytes), "the pieces matter") }
    }
}

/// The output of a file that arrives in pieces; nil if it is refused. Cut at the limit.
private func gunzip(_ body: UnsafeRawBufferPointer, piece: Int) -> [UInt8]? {
    let reader = GzipReader()
    var position = 0
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 999)
    while result.count <= maximumArray {
        let count = try? buffer.withUnsafeMutableBytes { output in
            try reader.read(into: output) { input in
                let count = min(piece, input.count, body.count - position)
                input.copyMemory(from: UnsafeRawBufferPointer(rebasing: body[position..<position + count]))
                position += count
                return count
            }
        }
        guard let count else { return nil }
        if count == 0 { break }
        result += buffer[..<count]
    }
    return result
}

/// Deflated data without checksums, which random octets cannot match.
private func inflate(_ body: UnsafeRawBufferPointer) {
    var output = InflatedBytes()
    guard let used = try? Inflate.decompress(body, appendingTo: &output, limit: maximumArray) else { return }
    precondition(used <= body.count && output.count <= maximumArray)
    // With a size known beforehand, the output is the same.
    let exact = try? Inflate.decompress(UnsafeRawBufferPointer(rebasing: body[..<used]), count: output.count)
    output.withUnsafeBytes { bytes in precondition(exact.map { $0.elementsEqual(bytes) } == true, "a known size makes a difference") }
}
