/// A scalar in which feature values are kept: `Float` or `Double`, and no other type.
public protocol FeatureScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {}

extension Float: FeatureScalar {}
extension Double: FeatureScalar {}
