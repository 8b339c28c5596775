/// A scalar in which feature values are kept: `Float` or `Double`, and no other type.
public protocol FeatureScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {}

extension Float: FeatureScalar {}
extension Double: FeatureScalar {}

/// The upper half of a `Float`'s bits.
struct BFloat16: BitwiseCopyable {
    let bits: UInt16

    /// The value, which every `Float` of such bits holds exactly.
    @inline(__always) var float: Float { Float(bitPattern: UInt32(bits) << 16) }
}
