/// A tensor of a safetensors file: its name, content and place.
public struct SafetensorsTensor: Sendable, Equatable {
    /// The name.
    public let name: String
    /// The type of its elements.
    public let type: TensorElementType
    /// The dimensions, outermost first; empty for a scalar.
    public let shape: [Int]
    /// The range of its data, in bytes from the end of the header.
    public let dataRange: Range<Int>

    /// The number of elements.
    public var elementCount: Int { dataRange.count / type.byteCount }
}
