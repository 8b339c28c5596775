/// Reads the dictionary of an npy header: a Python literal with three keys.
///
/// Understands only what NumPy writes: quoted strings without escapes, `True` and `False`, and tuples of integers. Reading a matrix's
/// header does not allocate.
struct NpyHeaderParser {
    private let text: UnsafeRawBufferPointer
    /// Where `text` starts in the file.
    private let offset: Int
    private var position = 0

    init(_ text: UnsafeRawBufferPointer, offset: Int) {
        self.text = text
        self.offset = offset
    }

    mutating func parse() throws(NpyError) -> ArrayLayout {
        var type: UnsafeRawBufferPointer?
        var isColumnMajor: Bool?
        var shape: ArrayShape?
        try expect("{")
        while !accept("}") {
            let keyStart = position
            let key = String(decoding: try readString(), as: UTF8.self)
            try expect(":")
            switch key {
            case "descr" where type == nil: type = try readType()
            case "fortran_order" where isColumnMajor == nil: isColumnMajor = try readBool()
            case "shape" where shape == nil: shape = try readTuple()
            default:
                position = keyStart
                throw invalid("the key '\(key)' is unknown or appears twice")
            }
            if !accept(",") {
                try expect("}")
                break
            }
        }
        skipSpace()
        guard position == text.count else { throw invalid("unexpected text follows the dictionary") }
        guard let type, let isColumnMajor, let shape else { throw invalid("one of descr, fortran_order and shape is missing") }
        let (scalar, isBigEndian) = try Self.scalar(of: type, at: offset)
        guard let layout = ArrayLayout(scalar, isBigEndian: isBigEndian, isColumnMajor: isColumnMajor, shape: shape) else {
            throw NpyError(.shapeTooLarge(Array(shape)), at: offset)
        }
        return layout
    }

    /// The element type in NumPy's array-interface string: byte order, kind, size.
    private static func scalar(of bytes: UnsafeRawBufferPointer, at offset: Int) throws(NpyError) -> (ArrayScalar, isBigEndian: Bool) {
        var unsupported: NpyError { NpyError(.unsupportedType(String(decoding: bytes, as: UTF8.self)), at: offset) }
        guard bytes.count >= 2 else { throw unsupported }
        if bytes[1] == UInt8(ascii: "O") || bytes[0] == UInt8(ascii: "O") { throw NpyError(.objectArray, at: offset) }
        let isBigEndian: Bool
        switch bytes[0] {
        case UInt8(ascii: "<"), UInt8(ascii: "|"): isBigEndian = false
        case UInt8(ascii: ">"): isBigEndian = true
        default: throw unsupported
        }
        var size = 0
        for byte in bytes[2...] {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), size < 100_000_000 else { throw unsupported }
            size = size * 10 + Int(byte - UInt8(ascii: "0"))
        }
        guard bytes.count > 2 else { throw unsupported }
        // "not applicable" is the byte order of single bytes and of byte strings only.
        let needsOrder = bytes[0] == UInt8(ascii: "|")
        switch (bytes[1], size) {
        case (UInt8(ascii: "f"), 2) where !needsOrder: return (.float16, isBigEndian)
        case (UInt8(ascii: "f"), 4) where !needsOrder: return (.float32, isBigEndian)
        case (UInt8(ascii: "f"), 8) where !needsOrder: return (.float64, isBigEndian)
        case (UInt8(ascii: "i"), 1), (UInt8(ascii: "i"), 2), (UInt8(ascii: "i"), 4), (UInt8(ascii: "i"), 8):
            guard size == 1 || !needsOrder else { throw unsupported }
            return (.integer(byteCount: size, isSigned: true), isBigEndian)
        case (UInt8(ascii: "u"), 1), (UInt8(ascii: "u"), 2), (UInt8(ascii: "u"), 4), (UInt8(ascii: "u"), 8):
            guard size == 1 || !needsOrder else { throw unsupported }
            return (.integer(byteCount: size, isSigned: false), isBigEndian)
        case (UInt8(ascii: "b"), 1): return (.bool, isBigEndian)
        case (UInt8(ascii: "S"), _): return (.bytes(count: size), isBigEndian)
        case (UInt8(ascii: "U"), _) where !needsOrder || size == 0: return (.unicode(count: size), isBigEndian)
        default: throw unsupported
        }
    }

    // MARK: Literals

    private mutating func readType() throws(NpyError) -> UnsafeRawBufferPointer {
        skipSpace()
        if position < text.count, text[position] == UInt8(ascii: "[") {
            throw NpyError(.unsupportedType("structured"), at: offset + position)
        }
        return try readString()
    }

    /// The characters between quotation marks, all of them printable ASCII.
    private mutating func readString() throws(NpyError) -> UnsafeRawBufferPointer {
        skipSpace()
        guard position < text.count, text[position] == UInt8(ascii: "'") || text[position] == UInt8(ascii: "\"") else {
            throw invalid("a quoted string is missing")
        }
        let quote = text[position]
        let start = position + 1
        var end = start
        while end < text.count, text[end] != quote {
            guard text[end] >= 0x20, text[end] < 0x7F, text[end] != UInt8(ascii: "\\") else {
                throw invalid("a string contains unexpected characters")
            }
            end += 1
        }
        guard end < text.count else { throw invalid("a string has no closing quotation mark") }
        position = end + 1
        return UnsafeRawBufferPointer(rebasing: text[start..<end])
    }

    private mutating func readBool() throws(NpyError) -> Bool {
        if accept("True") { return true }
        guard accept("False") else { throw invalid("fortran_order must be True or False") }
        return false
    }

    /// Reads `()`, `(3,)` or `(3, 4)`; `(3)` without a comma is not a tuple. Python 2 writes `(3L, 4L)`.
    private mutating func readTuple() throws(NpyError) -> ArrayShape {
        var values = ArrayShape()
        var hasComma = true
        try expect("(")
        while !accept(")") {
            guard hasComma, values.count < 32 else { throw invalid("shape is not a tuple of at most 32 sizes") }
            values.append(try readSize())
            hasComma = accept(",")
        }
        guard values.count != 1 || hasComma else { throw invalid("shape is not a tuple") }
        return values
    }

    private mutating func readSize() throws(NpyError) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while position < text.count, text[position] >= UInt8(ascii: "0"), text[position] <= UInt8(ascii: "9") {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(text[position] - UInt8(ascii: "0")))
            guard !overflow, !carry else { throw invalid("a size in shape is out of range") }
            value = sum
            position += 1
        }
        guard position > start else { throw invalid("shape contains something other than sizes") }
        let digits = position - start
        if position < text.count, text[position] == UInt8(ascii: "L") { position += 1 }
        guard digits == 1 || text[start] != UInt8(ascii: "0") else { throw invalid("a size in shape has leading zeros") }
        return value
    }

    private mutating func expect(_ token: StaticString) throws(NpyError) {
        guard accept(token) else { throw invalid("'\(token)' is missing") }
    }

    private mutating func accept(_ token: StaticString) -> Bool {
        skipSpace()
        guard text.count - position >= token.utf8CodeUnitCount else { return false }
        for index in 0..<token.utf8CodeUnitCount where text[position + index] != token.utf8Start[index] { return false }
        position += token.utf8CodeUnitCount
        return true
    }

    private mutating func skipSpace() {
        while position < text.count, text[position] == 0x20 || text[position] == 0x0A { position += 1 }
    }

    private func invalid(_ why: String) -> NpyError {
        NpyError(.invalidHeader(why), at: offset + position)
    }
}
