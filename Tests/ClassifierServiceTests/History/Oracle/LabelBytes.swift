/// A label as the service must see it: bytes. Two spellings of é are two labels here, unlike in `String`.
struct LabelBytes: Hashable, Sendable, CustomStringConvertible {
    let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    /// The label as text; never compare it.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The label in a path: everything except letters and digits is percent-encoded.
    var inPath: String {
        bytes.reduce(into: "") { path, byte in
            let isPlain = byte < 128 && (Character(UnicodeScalar(byte)).isLetter || Character(UnicodeScalar(byte)).isNumber)
            let digits = String(byte, radix: 16, uppercase: true)
            path += isPlain ? String(UnicodeScalar(byte)) : "%" + (digits.count < 2 ? "0" : "") + digits
        }
    }

    /// Readable, and different for different bytes.
    var description: String {
        let shown = bytes.prefix(24).map { (0x21...0x7E).contains($0) ? String(UnicodeScalar($0)) : "\\" + String($0, radix: 16) }
        return "\"" + shown.joined() + (bytes.count > 24 ? "…\(bytes.count)" : "") + "\""
    }
}
