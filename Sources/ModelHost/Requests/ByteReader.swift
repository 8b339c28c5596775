/// Reads numbers and bytes in sequence, never past the end.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    /// A little-endian integer; nil at the end.
    mutating func integer<Value: FixedWidthInteger>(_: Value.Type) -> Value? {
        let size = MemoryLayout<Value>.size
        guard bytes.count - offset >= size else { return nil }
        defer { offset += size }
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    /// A 64-bit count; nil at the end or if it is negative.
    mutating func count() -> Int? { integer(UInt64.self).flatMap { Int(exactly: $0) } }

    /// A number of bytes; nil if fewer remain.
    mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, bytes.count - offset >= count else { return nil }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
    }

    /// A number of bytes as text; nil if fewer remain, or they are not UTF-8.
    mutating func text(_ count: Int) -> String? { take(count).flatMap { String(validating: $0, as: UTF8.self) } }

    /// Skips to a multiple of 8.
    mutating func align() -> Bool { take((8 - offset % 8) % 8) != nil }
}

extension [UInt8] {
    /// Appends an integer, little-endian.
    mutating func append(integer value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
