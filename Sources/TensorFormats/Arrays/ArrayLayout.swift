/// The layout of an array in memory.
public struct ArrayLayout: Equatable, Sendable {
    /// The type of the elements.
    public let scalar: ArrayScalar
    /// Whether the highest byte of an element comes first.
    public let isBigEndian: Bool
    /// Whether the first index runs fastest (Fortran's order) instead of the last (C's).
    public let isColumnMajor: Bool
    /// The dimensions; empty for a single element.
    public let shape: ArrayShape
    /// The number of elements.
    public let elementCount: Int
    /// The size of all elements in bytes.
    public let byteCount: Int

    /// A layout, or nil if a dimension is negative or the size overflows.
    public init?(_ scalar: ArrayScalar, isBigEndian: Bool = false, isColumnMajor: Bool = false, shape: [Int]) {
        self.init(scalar, isBigEndian: isBigEndian, isColumnMajor: isColumnMajor, shape: ArrayShape(shape))
    }

    /// A layout, or nil if a dimension is negative or the size overflows.
    public init?(_ scalar: ArrayScalar, isBigEndian: Bool = false, isColumnMajor: Bool = false, shape: ArrayShape) {
        guard var size = scalar.byteCount, size >= 0 else { return nil }
        var count = 1
        for dimension in shape {
            let (nextCount, countOverflow) = count.multipliedReportingOverflow(by: dimension)
            let (nextSize, sizeOverflow) = size.multipliedReportingOverflow(by: dimension)
            if dimension < 0 || countOverflow || sizeOverflow { return nil }
            (count, size) = (nextCount, nextSize)
        }
        self.scalar = scalar
        self.isBigEndian = isBigEndian
        self.isColumnMajor = isColumnMajor
        self.shape = shape
        elementCount = count
        byteCount = size
    }
}
