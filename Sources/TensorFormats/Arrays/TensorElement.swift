#if !_endian(little)
    #error("Tensor data is little-endian and is copied as it stands")
#endif

/// A scalar that is copied bit for bit to and from a tensor's elements.
public protocol TensorElement: BitwiseCopyable, Sendable {
    /// The element type of tensors with such scalars.
    static var tensorType: TensorElementType { get }
}

extension Double: TensorElement {
    /// `F64`.
    public static var tensorType: TensorElementType { .f64 }
}

extension Float: TensorElement {
    /// `F32`.
    public static var tensorType: TensorElementType { .f32 }
}

extension Int64: TensorElement {
    /// `I64`.
    public static var tensorType: TensorElementType { .i64 }
}

extension Int32: TensorElement {
    /// `I32`.
    public static var tensorType: TensorElementType { .i32 }
}

extension UInt32: TensorElement {
    /// `U32`.
    public static var tensorType: TensorElementType { .u32 }
}

extension UInt64: TensorElement {
    /// `U64`.
    public static var tensorType: TensorElementType { .u64 }
}

extension UInt8: TensorElement {
    /// `U8`.
    public static var tensorType: TensorElementType { .u8 }
}
