/// The element types of safetensors files that fill whole bytes, by the names that the format gives them.
public enum TensorElementType: String, Sendable, CaseIterable, CustomStringConvertible {
    case bool = "BOOL"
    case u8 = "U8"
    case i8 = "I8"
    case f8e5m2 = "F8_E5M2"
    case f8e4m3 = "F8_E4M3"
    case f8e8m0 = "F8_E8M0"
    case i16 = "I16"
    case u16 = "U16"
    case f16 = "F16"
    case bf16 = "BF16"
    case i32 = "I32"
    case u32 = "U32"
    case f32 = "F32"
    case i64 = "I64"
    case u64 = "U64"
    case f64 = "F64"
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

    /// The bytes that a tensor of this type takes, or nil if a dimension is negative or the size overflows an `Int`.
    ///
    /// A product that is zero in the end still overflows if a part of it does.
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
