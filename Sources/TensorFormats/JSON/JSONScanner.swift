/// A strict pull scanner for one JSON text (RFC 8259) in memory.
///
/// The caller requests the values that it expects one by one; nothing else is built. Only calls that return a `String` or append to the
/// caller's storage allocate. The bytes must stay valid while the scanner and its keys are used.
///
/// ```swift
/// var scanner = JSONScanner(body)
/// try scanner.beginObject()
/// while let key = try scanner.nextKey() {
///     switch key {
///     case "features": rows = try scanner.readMatrix(field: "features", columns: 384, into: &values, maximumRows: 4096)
///     case "ridge": ridge = try scanner.readDouble(field: "ridge")
///     default: try scanner.skipValue()
///     }
/// }
/// try scanner.finish()
/// ```
///
/// After an error the scanner is at its position and must not be used any more.
public struct JSONScanner {
    let base: UnsafeRawPointer
    let end: Int
    /// The offset of the next byte to read.
    public internal(set) var position = 0
    /// Whether the container being read has just been opened, so that no comma may precede its next entry.
    ///
    /// One bit serves all levels: opening a container sets it; its first entry and its end clear it.
    var isAtFirstEntry = false

    /// A scanner at the start of `text`, after a byte order mark if there is one (RFC 8259, section 8.1, lets a reader skip it).
    public init(_ text: UnsafeRawBufferPointer) {
        // An empty buffer may have no address; nothing is ever read through the substitute.
        base = text.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!
        end = text.count
        position = ByteOrderMark.length(of: text)
    }

    // MARK: Structure

    /// Reads the `{` of an object; `nextKey()` then returns its entries.
    public mutating func beginObject(field: StaticString? = nil) throws(JSONError) {
        try begin(UInt8(ascii: "{"), .object, field)
    }

    /// Reads the `[` of an array; `nextElement()` then announces its values.
    public mutating func beginArray(field: StaticString? = nil) throws(JSONError) {
        try begin(UInt8(ascii: "["), .array, field)
    }

    /// The next key of the object being read, with the scanner at its value; nil, once, at the `}` that ends it.
    public mutating func nextKey() throws(JSONError) -> JSONKey? {
        skipWhitespace()
        if try !advance(to: UInt8(ascii: "}"), expected: "',' or '}'") { return nil }
        guard position < end else { throw JSONError(.unexpectedEnd(expected: "a key"), at: position) }
        let offset = position
        guard byte(at: position) == UInt8(ascii: "\"") else { throw unexpected("a key in quotation marks") }
        let text = try scanString()
        skipWhitespace()
        guard position < end else { throw JSONError(.unexpectedEnd(expected: "':'"), at: position) }
        guard byte(at: position) == UInt8(ascii: ":") else { throw unexpected("':'") }
        position &+= 1
        return JSONKey(text: text, offset: offset)
    }

    /// Whether the array being read has another value, with the scanner at it; false, once, at the `]` that ends it.
    public mutating func nextElement() throws(JSONError) -> Bool {
        skipWhitespace()
        return try advance(to: UInt8(ascii: "]"), expected: "',' or ']'")
    }

    /// Reads the end of the current object, which must have no further entry.
    public mutating func endObject() throws(JSONError) {
        skipWhitespace()
        try close(UInt8(ascii: "}"), expected: "'}'")
    }

    /// Reads the end of the current array, which must have no further value.
    public mutating func endArray() throws(JSONError) {
        skipWhitespace()
        try close(UInt8(ascii: "]"), expected: "']'")
    }

    /// Checks that only white space is left.
    public mutating func finish() throws(JSONError) {
        skipWhitespace()
        if position < end { throw JSONError(.trailingBytes, at: position) }
    }

    /// The kind of the next value, without reading it.
    public mutating func peekKind() throws(JSONError) -> JSONKind {
        skipWhitespace()
        guard position < end else { throw JSONError(.unexpectedEnd(expected: "a value"), at: position) }
        switch byte(at: position) {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        default: throw unexpected("a value")
        }
    }

    // MARK: Literals

    /// Reads `true` or `false`.
    public mutating func readBool(field: StaticString? = nil) throws(JSONError) -> Bool {
        try expect(.bool, "true or false", field)
        let value = byte(at: position) == UInt8(ascii: "t")
        try readLiteral(value ? "true" : "false")
        return value
    }

    /// Reads `null`.
    public mutating func readNull(field: StaticString? = nil) throws(JSONError) {
        try expect(.null, "null", field)
        try readLiteral("null")
    }

    // MARK: Parts

    @inline(__always)
    func byte(at position: Int) -> UInt8 {
        base.load(fromByteOffset: position, as: UInt8.self)
    }

    @inline(__always)
    mutating func skipWhitespace() {
        while position < end {
            switch byte(at: position) {
            case 0x20, 0x09, 0x0A, 0x0D: position &+= 1
            default: return
            }
        }
    }

    /// Checks the kind of the next value and leaves the scanner at its first byte.
    mutating func expect(_ kind: JSONKind, _ expected: StaticString, _ field: StaticString?) throws(JSONError) {
        let found: JSONKind
        do { found = try peekKind() } catch {
            throw JSONError(error.kind, at: error.offset, place: Self.place(field))
        }
        if found != kind {
            throw JSONError(.wrongKind(found, expected: expected.description), at: position, place: Self.place(field))
        }
    }

    mutating func readLiteral(_ literal: StaticString) throws(JSONError) {
        for index in 0..<literal.utf8CodeUnitCount {
            guard position < end else { throw JSONError(.unexpectedEnd(expected: literal.description), at: position) }
            guard byte(at: position) == literal.utf8Start[index] else { throw unexpected(literal.description) }
            position &+= 1
        }
    }

    /// The error for the byte at the scanner's position, or for the end of the text there.
    func unexpected(_ expected: String, place: JSONError.Place? = nil) -> JSONError {
        if position == 0, let encoding = ByteOrderMark.otherEncoding(of: UnsafeRawBufferPointer(start: base, count: end)) {
            return JSONError(.otherEncoding(encoding), at: 0)
        }
        return position < end
            ? JSONError(.unexpectedByte(byte(at: position), expected: expected), at: position, place: place)
            : JSONError(.unexpectedEnd(expected: expected), at: position, place: place)
    }

    static func place(_ field: StaticString?) -> JSONError.Place? {
        field.map { JSONError.Place(field: $0.description) }
    }

    private mutating func begin(_ opening: UInt8, _ kind: JSONKind, _ field: StaticString?) throws(JSONError) {
        try expect(kind, kind == .object ? "an object" : "an array", field)
        position &+= 1
        isAtFirstEntry = true
    }

    /// Reads the comma before a further entry and the white space after it, or else the closing bracket.
    private mutating func advance(to closing: UInt8, expected: StaticString) throws(JSONError) -> Bool {
        guard position < end else { throw JSONError(.unexpectedEnd(expected: expected.description), at: position) }
        if byte(at: position) == closing {
            position &+= 1
            isAtFirstEntry = false
            return false
        }
        if isAtFirstEntry {
            isAtFirstEntry = false
            return true
        }
        guard byte(at: position) == UInt8(ascii: ",") else { throw unexpected(expected.description) }
        position &+= 1
        skipWhitespace()
        return true
    }

    private mutating func close(_ closing: UInt8, expected: StaticString) throws(JSONError) {
        guard position < end, byte(at: position) == closing else { throw unexpected(expected.description) }
        position &+= 1
        isAtFirstEntry = false
    }
}
