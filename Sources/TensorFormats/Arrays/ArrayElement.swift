/// An element type of arrays that features are read from.
protocol ArrayElement {
    /// The element's bits, after byte swapping.
    associatedtype Bits: FixedWidthInteger & BitwiseCopyable

    /// The element of these bits.
    init(arrayBits bits: Bits)

    /// The value; nil if no `Double` holds it exactly.
    var exactDouble: Double? { get }

    /// The value in digits, for messages.
    var digits: String { get }
}

extension ArrayElement {
    /// The element at `index`, at any alignment.
    @inline(__always)
    static func load(_ bytes: UnsafeRawBufferPointer, at index: Int, isBigEndian: Bool) -> Self {
        let bits = bytes.loadUnaligned(fromByteOffset: index &* MemoryLayout<Bits>.size, as: Bits.self)
        return Self(arrayBits: isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
    }
}

extension Float: ArrayElement {
    @inline(__always) init(arrayBits bits: UInt32) { self.init(bitPattern: bits) }
    @inline(__always) var exactDouble: Double? { Double(self) }
    var digits: String { ShortestDecimal.text(of: self) }
}

extension Double: ArrayElement {
    @inline(__always) init(arrayBits bits: UInt64) { self.init(bitPattern: bits) }
    @inline(__always) var exactDouble: Double? { self }
    var digits: String { ShortestDecimal.text(of: self) }
}

extension Float16: ArrayElement {
    @inline(__always) init(arrayBits bits: UInt16) { self.init(bitPattern: bits) }
    @inline(__always) var exactDouble: Double? { Double(self) }
    var digits: String { ShortestDecimal.text(of: Double(self)) }
}

extension BFloat16: ArrayElement {
    @inline(__always) init(arrayBits bits: UInt16) { self.init(bits: bits) }
    @inline(__always) var exactDouble: Double? { Double(float) }
    var digits: String { ShortestDecimal.text(of: float) }
}

extension ArrayElement where Self: FixedWidthInteger & BitwiseCopyable, Bits == Self {
    @inline(__always) init(arrayBits bits: Self) { self = bits }
    @inline(__always) var exactDouble: Double? { Double(exactly: self) }
    var digits: String { String(self) }
}

extension UInt8: ArrayElement {}
extension UInt16: ArrayElement {}
extension UInt32: ArrayElement {}
extension UInt64: ArrayElement {}
extension Int8: ArrayElement {}
extension Int16: ArrayElement {}
extension Int32: ArrayElement {}
extension Int64: ArrayElement {}

/// A byte, 0 or 1.
struct ArrayBool: ArrayElement {
    let byte: UInt8

    @inline(__always) init(arrayBits bits: UInt8) { byte = bits }
    @inline(__always) var exactDouble: Double? { byte <= 1 ? Double(byte) : nil }
    var digits: String { String(byte) }
}
