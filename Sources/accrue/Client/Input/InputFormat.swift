import Foundation

/// The formats that rows are read from.
enum InputFormat: String, CaseIterable, Sendable {
    case csv, tsv, ndjson, npy, npz, safetensors

    /// The choices as `--format` shows them.
    static let choices = allCases.map(\.rawValue).joined(separator: "|")

    /// The format that a file's name tells; nil where it tells none.
    init?(name: String) {
        switch URL(fileURLWithPath: name).pathExtension.lowercased() {
        case "csv": self = .csv
        case "tsv", "tab": self = .tsv
        case "ndjson", "jsonl": self = .ndjson
        case "npy": self = .npy
        case "npz": self = .npz
        case "safetensors": self = .safetensors
        default: return nil
        }
    }

    /// The format that the first bytes tell.
    init(firstBytes: ArraySlice<UInt8>) {
        let bytes = Array(firstBytes.prefix(64))
        if bytes.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) {
            self = .npy
        } else if bytes.starts(with: [0x50, 0x4B]) {
            self = .npz
        } else if bytes.count > 8, bytes[8] == UInt8(ascii: "{"), bytes[4...7].allSatisfy({ $0 == 0 }) {
            self = .safetensors
        } else if bytes.first(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }) == UInt8(ascii: "{") {
            self = .ndjson
        } else {
            self = .csv
        }
    }

    /// Whether it must be at hand as a whole, because its directory may say where things are.
    var isBinary: Bool { self == .npy || self == .npz || self == .safetensors }
}
