/// A format recognised by a file's first bytes, so that a refusal can name it.
public enum FileSignature: Sendable, Equatable, CaseIterable {
    case npy, npz, safetensors, gzip
    case zip, workbook, torch, parquet, arrow, feather, hdf5, pickle, avro, orc, sqlite, oldOffice, matlab
    case bzip2, xz, zstandard, tar, png, jpeg, gif, webp, pdf, markup

    /// Bytes that suffice to recognise all formats.
    public static let byteCount = 512

    /// The format; nil for text and for unknown formats.
    ///
    /// - Parameter start: the first bytes, at least `byteCount` of them unless the file is shorter.
    public init?(_ start: UnsafeRawBufferPointer) {
        func begins(_ bytes: [UInt8], at offset: Int = 0) -> Bool {
            start.count >= offset + bytes.count && start[offset..<offset + bytes.count].elementsEqual(bytes)
        }
        func begins(_ text: StaticString, at offset: Int = 0) -> Bool {
            begins(Array(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)), at: offset)
        }
        if begins([0x93]), begins("NUMPY", at: 1) {
            self = .npy
        } else if begins("PK\u{3}\u{4}") || begins("PK\u{5}\u{6}") || begins("PK\u{7}\u{8}") {
            self = Self.archive(start)
        } else if start.count > 8, begins([0, 0, 0, 0], at: 4), begins("{", at: 8) {
            self = .safetensors
        } else if let (kind, _) = Self.magic.first(where: { begins($0.bytes) }) {
            self = kind
        } else if let (kind, _) = Self.words.first(where: { begins($0.bytes) && Self.isBinary(start, at: $0.bytes.count) }) {
            self = kind
        } else if begins("RIFF"), begins("WEBP", at: 8) {
            self = .webp
        } else if begins("ustar", at: 257), start[99] == 0 {
            self = .tar
        } else if start.count >= 2, start[0] == 0x80, (2...5).contains(start[1]) {
            self = .pickle
        } else if begins("<?xml") || begins("<!DOCTYPE") || begins("<!doctype") || begins("<html") {
            self = .markup
        } else {
            return nil
        }
    }

    private static let magic: [(kind: FileSignature, bytes: [UInt8])] =
        [
            (.gzip, [0x1F, 0x8B]), (.hdf5, [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]),
            (.png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
            (.jpeg, [0xFF, 0xD8, 0xFF]), (.gif, Array("GIF87a".utf8)), (.gif, Array("GIF89a".utf8)), (.pdf, Array("%PDF-".utf8)),
            (.avro, Array("Obj\u{1}".utf8)), (.sqlite, Array("SQLite format 3\0".utf8)), (.matlab, Array("MATLAB 5.0 MAT-file".utf8)),
            (.oldOffice, [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]), (.xz, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]),
            (.zstandard, [0x28, 0xB5, 0x2F, 0xFD]),
        ] + (1...9).map { (.bzip2, Array("BZh\($0)1AY&SY".utf8)) }

    /// Signatures that a text may begin with too, except that it never has such a byte next.
    private static let words: [(kind: FileSignature, bytes: [UInt8])] = [
        (.parquet, Array("PAR1".utf8)), (.arrow, Array("ARROW1".utf8)), (.feather, Array("FEA1".utf8)), (.orc, Array("ORC".utf8)),
    ]

    private static func isBinary(_ start: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        guard offset < start.count else { return false }
        return start[offset] < 0x20 && ![0x09, 0x0A, 0x0D].contains(start[offset]) || start[offset] >= 0x7F
    }

    /// The kind of a zip archive, by the name of its first entry: npz files contain only arrays.
    private static func archive(_ start: UnsafeRawBufferPointer) -> FileSignature {
        guard start.count >= 30, start[2] == 3 else { return .npz }
        let length = Int(start[26]) | Int(start[27]) << 8
        let name = String(decoding: start[30..<min(start.count, 30 + length)], as: UTF8.self)
        if name.hasSuffix(".npy") || !name.contains(where: { $0 == "." || $0 == "/" }) { return .npz }
        if name.hasSuffix("data.pkl") { return .torch }
        let isOffice = ["[Content_Types].xml", "xl/", "_rels/", "docProps/"].contains { name.hasPrefix($0) }
        return isOffice ? .workbook : .zip
    }

    /// The name of such a file: `a Parquet file`.
    public var description: String {
        switch self {
        case .npy: "an npy file"
        case .npz: "an npz file"
        case .safetensors: "a safetensors file"
        case .gzip: "a gzip file"
        case .zip: "a zip archive"
        case .torch: "a PyTorch file"
        case .workbook: "an Excel workbook (xlsx)"
        case .parquet: "a Parquet file"
        case .arrow: "an Arrow file (Feather)"
        case .feather: "a Feather file"
        case .hdf5: "an HDF5 file"
        case .pickle: "a Python pickle"
        case .avro: "an Avro file"
        case .orc: "an ORC file"
        case .sqlite: "an SQLite database"
        case .oldOffice: "an old Office file (xls)"
        case .matlab: "a MATLAB file"
        case .bzip2: "a bzip2 file"
        case .xz: "an xz file"
        case .zstandard: "a Zstandard file"
        case .tar: "a tar archive"
        case .png: "a PNG image"
        case .jpeg: "a JPEG image"
        case .gif: "a GIF image"
        case .webp: "a WebP image"
        case .pdf: "a PDF document"
        case .markup: "an XML or HTML document"
        }
    }
}
