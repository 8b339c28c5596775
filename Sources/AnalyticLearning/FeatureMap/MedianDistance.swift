/// Why rows give no scale; the model is unchanged.
public enum ScaleError: Error, Equatable, Sendable, CustomStringConvertible {
    /// All rows that count are equal.
    case equalRows(Int)
    /// The median distance is no scale that a map may have.
    case outOfRange(Double)

    /// What is wrong, and what would be right.
    public var description: String {
        let instead = "or create the model with a number as its feature_map.scale"
        return switch self {
        case .equalRows(1):
            "feature_map.scale is \"auto\", and one row has no distances: send at least two different rows in the first learn, \(instead)"
        case .equalRows(let rows):
            "feature_map.scale is \"auto\", and the first \(rows) rows are equal: send at least two different rows in the first learn, "
                + instead
        case .outOfRange(let distance):
            "feature_map.scale is \"auto\", and the median distance of the rows, \(distance), is not from 1e-30 to 1e30: scale the "
                + "features, \(instead)"
        }
    }
}

/// The scale of a map of cosines that chooses itself: the median Euclidean distance between two different rows (the "median heuristic").
///
/// Equal rows are no distance apart and tell nothing of the scale, so their pairs do not count. Of an even number of distances, the
/// median is the mean of the two in the middle. All sums are in a fixed order: the same rows give the same bits on every machine.
enum MedianDistance {
    /// The most rows that count: the first ones.
    static let mostRows = 500
    /// The most squared differences; fewer rows count if they are longer than 4,294 values.
    private static let mostOperations = 1 << 29

    /// The median distance of rows of length `dimension`.
    ///
    /// - Throws: `ScaleError`.
    /// - Complexity: O(n²·d) for n = min(500, √(2³⁰/d)) rows; memory for n²/2 distances.
    static func of(_ rows: UnsafeBufferPointer<Double>, dimension: Int) throws(ScaleError) -> Double {
        let longest = Int(Double(2 * mostOperations / dimension).squareRoot())
        let count = min(rows.count / dimension, mostRows, max(2, longest))
        guard let base = rows.baseAddress, count > 0 else { throw .equalRows(1) }
        var squares: [Double] = []
        squares.reserveCapacity(count * (count - 1) / 2)
        for row in 1..<max(1, count) {
            for other in 0..<row {
                let square = squaredDistance(base + row * dimension, base + other * dimension, dimension)
                if square > 0 { squares.append(square) }
            }
        }
        guard !squares.isEmpty else { throw .equalRows(count) }
        squares.sort()
        let upper = squares[squares.count / 2].squareRoot()
        let median = squares.count % 2 == 1 ? upper : (squares[squares.count / 2 - 1].squareRoot() + upper) / 2
        guard RandomFeatures.Scale.allowed.contains(median) else { throw .outOfRange(median) }
        return median
    }

    /// Eight sums side by side, so that vectors of any width compute them.
    private static func squaredDistance(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
        let (first, second) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
        var sums = SIMD8<Double>.zero
        let even = count / 8 * 8
        for index in stride(from: 0, to: even, by: 8) {
            let difference =
                first.loadUnaligned(fromByteOffset: 8 * index, as: SIMD8<Double>.self)
                - second.loadUnaligned(fromByteOffset: 8 * index, as: SIMD8<Double>.self)
            sums += difference * difference
        }
        var sum = 0.0
        for lane in 0..<8 { sum += sums[lane] }
        for index in even..<count { sum += (a[index] - b[index]) * (a[index] - b[index]) }
        return sum
    }
}
