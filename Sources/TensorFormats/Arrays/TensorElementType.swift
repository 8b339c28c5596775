/// The element types of safetensors files that occupy whole bytes, with the format's names.
public enum TensorElementType: String, Sendable, CaseIterable, CustomStringConvertible {
    /// A byte, 0 or 1.
    case bool = "BOOL"
    /// An unsigned integer of 8 bits.
    case u8 = "U8"
    /// A signed integer of 8 bits.
    case i8 = "I8"
    /// A float of 8 bits, 5 of them exponent.
    case f8e5m2 = "F8_E5M2"
    /// A float of 8 bits, 4 of them exponent.
    case f8e4m3 = "F8_E4M3"
    /// A power of two of 8 bits.
    case f8e8m0 = "F8_E8M0"
    /// A signed integer of 16 bits.
    case i16 = "I16"
    /// An unsigned integer of 16 bits.
    case u16 = "U16"
    /// IEEE 754 binary16.
    case f16 = "F16"
    /// The upper half of a binary32.
    case bf16 = "BF16"
    /// A signed integer of 32 bits.
    case i32 = "I32"
    /// An unsigned integer of 32 bits.
    case u32 = "U32"
    /// IEEE 754 binary32.
    case f32 = "F32"
    /// A signed integer of 64 bits.
    case i64 = "I64"
    /// An unsigned integer of 64 bits.
    case u64 = "U64"
    /// IEEE 754 binary64.
    case f64 = "F64"
    /// A complex number of two binary32.
    case c64 = "C64"

    /// The size of an element in bytes.
    public var byteCount: Int {
        switch self {
        case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0: 1
        case .i16, .u16, .f16, .bf16: 2
        case .i32, .u32, .f32: 4
        case .i64, .u64, .f64, .c64: 8
        }
    }

    /// The name in the format.
    public var description: String { rawValue }

    /// The bytes of a tensor of this type, or nil if a dimension is negative or the size overflows an `Int`.
    ///
    /// Overflow of a partial product counts even if the whole product is zero.
    public func byteCount(shape: [Int]) -> Int? {
        var total = byteCount
        for dimension in shape {
            let (product, overflow) = total.multipliedReportingOverflow(by: dimension)
            if dimension < 0 || overflow { return nil }
            total = product
        }
        return total
    }
}
