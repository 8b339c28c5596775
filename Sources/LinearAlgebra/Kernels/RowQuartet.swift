/// One to four rows summed together, so that the target sums are loaded and stored once for all of them.
///
/// Missing rows are replaced by the first one with weight 0, so that one loop handles any number.
public struct RowQuartet {
    /// Components handled at once: few enough that they and all intermediate values fit the nearest cache.
    public static let stretch = 512

    /// The number of rows.
    public let count: Int
    private let rows: (UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>)
    private let weights: (Double, Double, Double)
    private let width: Int

    /// The first four, or fewer, of the numbered rows of a matrix. The matrix must outlive this value.
    ///
    /// - Parameters:
    ///   - numbers: at least one.
    ///   - values: contiguous rows of `width` elements.
    public init(_ numbers: ArraySlice<Int>, of values: UnsafeBufferPointer<Double>, width: Int) {
        precondition(!numbers.isEmpty && width > 0, "no rows")
        let (first, count) = (numbers.startIndex, min(4, numbers.count))
        let row = { (index: Int) -> UnsafePointer<Double> in
            let number = numbers[first + (index < count ? index : 0)]
            precondition(number >= 0 && number < values.count / width, "row out of range")
            return values.baseAddress! + number * width
        }
        rows = (row(0), row(1), row(2), row(3))
        weights = (count > 1 ? 1 : 0, count > 2 ? 1 : 0, count > 3 ? 1 : 0)
        self.count = count
        self.width = width
    }

    /// target ← factor · the sum of the rows, for `count` components from `start` on.
    public func sum(from start: Int, count: Int, times factor: Double, into target: UnsafeMutablePointer<Double>) {
        precondition(start >= 0 && count >= 0 && start + count <= width, "components out of range")
        let (a, b, c, d) = (rows.0 + start, rows.1 + start, rows.2 + start, rows.3 + start)
        let (p, q, r) = weights
        for i in 0..<count { target[i] = factor * ((a[i] + p * b[i]) + (q * c[i] + r * d[i])) }
    }

    /// target ← the sum of the squared differences between the rows and a vector, for `count` components from `start` on.
    public func squaredDeviations(
        from mean: UnsafePointer<Double>, start: Int, count: Int, into target: UnsafeMutablePointer<Double>
    ) {
        precondition(start >= 0 && count >= 0 && start + count <= width, "components out of range")
        let (a, b, c, d) = (rows.0 + start, rows.1 + start, rows.2 + start, rows.3 + start)
        let (p, q, r) = weights
        for i in 0..<count {
            let (e, f, g, h) = (a[i] - mean[i], b[i] - mean[i], c[i] - mean[i], d[i] - mean[i])
            target[i] = (e * e + p * f * f) + (q * g * g + r * h * h)
        }
    }
}
