/// One tensor of a safetensors file: its name, what it holds, and where.
public struct SafetensorsTensor: Sendable, Equatable {
    /// The name.
    public let name: String
    /// The type of its elements.
    public let type: TensorElementType
    /// The dimensions, outermost first; empty for a scalar.
    public let shape: [Int]
    /// Where its data lies, in bytes from the end of the header.
    public let dataRange: Range<Int>

    /// The number of elements.
    public var elementCount: Int { dataRange.count / type.byteCount }
}
