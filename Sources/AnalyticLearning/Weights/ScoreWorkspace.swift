/// Buffers for predictions. Each thread keeps them, so that requests allocate nothing once they have grown.
public struct ScoreWorkspace: Sendable {
    /// H [n, stride].
    var mapped: [Float] = []
    /// n·K products of a discriminant, row after row, and the coordinates of one row.
    var products: [Float] = []
    var coordinates: [Float] = []
    /// n·C scores, row after row.
    public internal(set) var scores: [Float] = []
    /// One mapped row in Float64.
    var exactMapped: [Double] = []
    /// Its K products of a discriminant.
    var exactProducts: [Double] = []
    /// Its C scores, if they were requested in Float64.
    public internal(set) var exactScores: [Double] = []

    /// Empty buffers.
    public init() {}

    mutating func resize(mapped mappedCount: Int, scores scoreCount: Int) {
        Self.resize(&mapped, mappedCount)
        Self.resize(&scores, scoreCount)
    }

    mutating func resize(products productCount: Int, coordinates coordinateCount: Int) {
        Self.resize(&products, productCount)
        Self.resize(&coordinates, coordinateCount)
    }

    mutating func resize(exactProducts productCount: Int) { Self.resize(&exactProducts, productCount) }

    mutating func resize(exactMapped mappedCount: Int, exactScores scoreCount: Int) {
        Self.resize(&exactMapped, mappedCount)
        Self.resize(&exactScores, scoreCount)
    }

    private static func resize<Scalar: BinaryFloatingPoint>(_ array: inout [Scalar], _ count: Int) {
        if array.count > count {
            array.removeLast(array.count - count)
        } else if array.count < count {
            array.append(contentsOf: repeatElement(0, count: count - array.count))
        }
    }

    /// Adjusts the scores of one row.
    ///
    /// - Parameter first: the place of its first score in `scores`.
    /// - Complexity: O(C).
    public mutating func adjust(from first: Int, by adjustment: PriorAdjustment) {
        precondition(first >= 0 && first + adjustment.offsets.count <= scores.count, "scores of other weights")
        for (column, offset) in adjustment.offsets.enumerated() { scores[first + column] = Float(Double(scores[first + column]) + offset) }
    }

    /// Adjusts the scores in Float64.
    public mutating func adjustExact(by adjustment: PriorAdjustment) {
        precondition(adjustment.offsets.count == exactScores.count, "scores of other weights")
        for (column, offset) in adjustment.offsets.enumerated() { exactScores[column] += offset }
    }

    /// Frees memory that a rare large request left behind.
    public mutating func trim(above count: Int) {
        if mapped.capacity > count { mapped = [] }
        if scores.capacity > count { scores = [] }
        if products.capacity > count { products = [] }
        if exactMapped.capacity > count { exactMapped = [] }
        if exactScores.capacity > count { exactScores = [] }
    }
}
