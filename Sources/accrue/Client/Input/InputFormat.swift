import CommandSupport
import Foundation
import TensorFormats

/// The formats of rows.
enum InputFormat: String, CaseIterable, Sendable {
    case csv, tsv, ndjson, npy, npz, safetensors

    /// The choices that `--format` shows.
    static let choices = allCases.map(\.rawValue).joined(separator: "|")

    /// The supported formats, for messages.
    static let summary = "Accrue reads csv, tsv, ndjson, npy, npz and safetensors, also gzipped"

    /// The format according to a file's name; nil if the name does not tell.
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

    /// The format of an input: by the option, else the first bytes, else the name, else a table.
    ///
    /// - Parameters:
    ///   - start: the first bytes, `FileSignature.byteCount` of them unless the file is shorter.
    ///   - path: the file's path.
    ///   - name: the input's name in messages.
    /// - Throws: `InputError` naming the actual format, if it is not supported.
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

    /// Whether the whole file is needed at once, because its directory locates its parts.
    var isBinary: Bool { self == .npy || self == .npz || self == .safetensors }
}
