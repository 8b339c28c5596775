/// Writes JSON into a growing, reusable buffer.
///
/// The writer places the commas; the caller balances containers and keys. Only the buffer's growth allocates.
///
/// ```swift
/// writer.beginObject()
/// writer.member("rows", rows)
/// writer.key("scores"); writer.beginArray(); for score in scores { writer.write(score) }; writer.endArray()
/// writer.endObject()
/// ```
public struct JSONWriter: Sendable {
    private var bytes: [UInt8] = []
    /// Whether the next value or key of the current container needs a comma.
    private var needsComma = false

    /// A writer of an empty text.
    public init() {}

    /// A writer of an empty text with room for `capacity` bytes.
    public init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    /// The length of the text so far, in bytes.
    public var count: Int { bytes.count }

    /// Empties the text but keeps its memory for the next one.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// Discards the text so far, which has been used, and continues in the middle of it.
    public mutating func drain() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// Calls `body` with the text so far, which is valid only during the call.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withUnsafeBufferPointer { (buffer) throws(Failure) -> Result in try body(UnsafeRawBufferPointer(buffer)) }
    }

    /// The text so far as a string.
    public var string: String { String(decoding: bytes, as: UTF8.self) }

    /// The text so far as an array that shares the writer's memory until one of them changes.
    public var array: [UInt8] { bytes }

    // MARK: Structure

    /// Writes `{`.
    public mutating func beginObject() {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    /// Writes `}`.
    public mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Writes `[`.
    public mutating func beginArray() {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
    }

    /// Writes `]`.
    public mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// Writes a key, escaped like any string, and its colon; its value must come next.
    public mutating func key(_ name: StaticString) {
        separate()
        appendQuoted(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a key that is not known at compile time.
    public mutating func key(_ name: String) {
        write(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: Values

    /// Writes `null`.
    public mutating func writeNull() {
        writeLiteral("null")
    }

    /// Writes `true` or `false`.
    public mutating func write(_ value: Bool) {
        writeLiteral(value ? "true" : "false")
    }

    /// Writes an integer in decimal.
    public mutating func write(_ value: Int) {
        separate()
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        appendDecimal(UInt64(value.magnitude))
        needsComma = true
    }

    /// Writes an unsigned integer in decimal.
    public mutating func write(_ value: UInt64) {
        separate()
        appendDecimal(value)
        needsComma = true
    }

    /// Writes the shortest decimal that reads back as the same `Double`; `null` if it is not finite.
    public mutating func write(_ value: Double) {
        writeShortest(value)
    }

    /// Writes the shortest decimal that reads back as the same `Float`; `null` if it is not finite.
    public mutating func write(_ value: Float) {
        writeShortest(value)
    }

    /// Writes a string; escapes quotation marks, backslashes and control characters.
    public mutating func write(_ value: String) {
        separate()
        var value = value
        value.withUTF8 { appendQuoted(UnsafeRawBufferPointer($0)) }
        needsComma = true
    }

    /// Writes a string known at compile time.
    public mutating func write(_ value: StaticString) {
        separate()
        appendQuoted(UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
        needsComma = true
    }

    /// Writes a string given as bytes, which must be valid UTF-8.
    public mutating func write(utf8 text: UnsafeRawBufferPointer) {
        separate()
        appendQuoted(text)
        needsComma = true
    }

    /// Writes the string at `index` of a packed list.
    public mutating func write(_ strings: PackedStrings, at index: Int) {
        separate()
        strings.withUnsafeBytes(at: index) { appendQuoted($0) }
        needsComma = true
    }

    /// Writes bytes that are already JSON, as one value.
    public mutating func write(encoded json: UnsafeRawBufferPointer) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    /// Appends bytes without a comma before them: the line break between two texts of NDJSON.
    public mutating func append(raw: StaticString) {
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: raw.utf8Start, count: raw.utf8CodeUnitCount))
        needsComma = false
    }

    /// Appends octets after the text, for formats that put data after their JSON.
    public mutating func append(octets: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: octets)
    }

    // MARK: Parts

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func writeLiteral(_ literal: StaticString) {
        separate()
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
        needsComma = true
    }

    @inline(__always)
    private mutating func writeShortest<Value: FeatureScalar>(_ value: Value) {
        guard value.isFinite else { return writeNull() }
        separate()
        let decimal = ShortestDecimal(value)
        bytes.append(addingCapacity: ShortestDecimal.maximumLength) { span in
            span.withUnsafeMutableBufferPointer { buffer, count in
                count += decimal.write(to: UnsafeMutableBufferPointer(rebasing: buffer[count...]))
            }
        }
        needsComma = true
    }

    private mutating func appendDecimal(_ value: UInt64) {
        let digitCount = value.decimalDigitCount
        bytes.append(addingCapacity: digitCount) { span in
            span.withUnsafeMutableBufferPointer { buffer, count in
                count += value.writeDecimal(to: buffer, at: count, digitCount: digitCount)
            }
        }
    }

    /// Appends a string in quotation marks: runs of plain bytes at once, bytes to escape (RFC 8259, section 7) one by one.
    private mutating func appendQuoted(_ text: UnsafeRawBufferPointer) {
        bytes.append(UInt8(ascii: "\""))
        var run = 0
        for position in 0..<text.count {
            let byte = text[position]
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { continue }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[run..<position]))
            appendEscape(byte)
            run = position + 1
        }
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[run...]))
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            for digit in "u00".utf8 { bytes.append(digit) }
            bytes.append(UInt8(ascii: "0") + byte >> 4)
            let low = byte & 0x0F
            bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        }
    }
}
