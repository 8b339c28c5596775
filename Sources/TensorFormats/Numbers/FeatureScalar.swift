/// The type of stored feature values: only `Float` and `Double` conform.
public protocol FeatureScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {}

extension Float: FeatureScalar {}
extension Double: FeatureScalar {}

/// The upper half of a `Float`'s bits.
struct BFloat16: BitwiseCopyable {
    let bits: UInt16

    /// The value; `Float` holds it exactly.
    @inline(__always) var float: Float { Float(bitPattern: UInt32(bits) << 16) }
}
