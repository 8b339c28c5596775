import Foundation
import TensorFormats

/// The formats that rows are read from.
enum InputFormat: String, CaseIterable, Sendable {
    case csv, tsv, ndjson, npy, npz, safetensors

    /// The choices as `--format` shows them.
    static let choices = allCases.map(\.rawValue).joined(separator: "|")

    /// What is read, for messages.
    static let summary = "Accrue reads csv, tsv, ndjson, npy, npz and safetensors, also gzipped"

    /// The format that a file's name tells; nil where it tells none.
    init?(name: String) {
        var url = URL(fileURLWithPath: name)
        if url.pathExtension.lowercased() == "gz" { url.deletePathExtension() }
        switch url.pathExtension.lowercased() {
        case "csv": self = .csv
        case "tsv", "tab": self = .tsv
        case "ndjson", "jsonl": self = .ndjson
        case "npy": self = .npy
        case "npz": self = .npz
        case "safetensors": self = .safetensors
        default: return nil
        }
    }

    /// The format of an input: what the option says, else what the first bytes tell, else the name, else tables.
    ///
    /// - Parameters:
    ///   - start: the first bytes, `FileSignature.byteCount` of them where there are so many.
    ///   - path: of the file.
    ///   - name: what the input is called in messages.
    /// - Throws: `InputError` that names what it is, where that is nothing that rows are read from.
    init(given: InputFormat?, start: ArraySlice<UInt8>, path: String, name: String) throws {
        let bytes = Array(start)
        guard let signature = bytes.withUnsafeBytes({ FileSignature($0) }) else {
            let text = ForeignText(bytes, path: path)
            if let text, given == nil || text != .json { throw InputError("\(name) is \(text); \(Self.summary)") }
            self = given ?? InputFormat(name: path) ?? InputFormat(text: bytes)
            return
        }
        guard let found = InputFormat(signature) else {
            let within = signature == .gzip ? "is gzipped twice" : "is \(signature.description)"
            throw InputError("\(name) \(within); \(Self.summary)")
        }
        guard given == nil || given == found else {
            throw InputError("\(name) is \(signature.description), but --format says \(given!.rawValue)")
        }
        self = found
    }

    private init?(_ signature: FileSignature) {
        switch signature {
        case .npy: self = .npy
        case .npz: self = .npz
        case .safetensors: self = .safetensors
        default: return nil
        }
    }

    /// The format of a text by its first bytes.
    private init(text: [UInt8]) {
        let mark = text.withUnsafeBytes { ByteOrderMark.length(of: $0) }
        let first = text[mark...].first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        self = first == UInt8(ascii: "{") ? .ndjson : .csv
    }

    /// Whether it must be at hand as a whole, because its directory may say where things are.
    var isBinary: Bool { self == .npy || self == .npz || self == .safetensors }
}
