/// The dimensions of an array, outermost first; none for a single element.
///
/// Two dimensions, as features and labels have, are stored without an allocation, since every request has a shape to read.
public struct ArrayShape: Sendable, Equatable {
    /// The number of dimensions.
    public private(set) var count = 0
    private var first = 0
    private var second = 0
    /// The third dimension and all further ones.
    private var others: [Int] = []

    /// The shape of a single element.
    public init() {}

    /// A shape of these dimensions.
    public init(_ dimensions: some Sequence<Int>) {
        for dimension in dimensions { append(dimension) }
    }

    /// Adds an innermost dimension.
    public mutating func append(_ dimension: Int) {
        switch count {
        case 0: first = dimension
        case 1: second = dimension
        default: others.append(dimension)
        }
        count += 1
    }
}

extension ArrayShape: RandomAccessCollection {
    /// 0, the number of the outermost dimension.
    public var startIndex: Int { 0 }
    /// The number of dimensions.
    public var endIndex: Int { count }

    /// The dimension at an index.
    public subscript(index: Int) -> Int {
        precondition(index >= 0 && index < count, "no such dimension")
        return switch index {
        case 0: first
        case 1: second
        default: others[index - 2]
        }
    }
}

extension ArrayShape: ExpressibleByArrayLiteral, CustomStringConvertible {
    /// A shape of these dimensions.
    public init(arrayLiteral dimensions: Int...) { self.init(dimensions) }

    /// As an array is written: `[3, 384]`.
    public var description: String { Array(self).description }
}
