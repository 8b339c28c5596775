/// One to four rows that are summed up together: sums are then loaded and stored once for all of them.
///
/// Rows that are missing are stood in for by the first one with weight 0, so that one loop does for any number.
@frozen public struct RowQuartet {
    /// How many rows there are.
    public let count: Int
    @usableFromInline let rows: (UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>)
    @usableFromInline let weights: SIMD4<Double>

    /// The first four, or fewer, of some rows of a matrix.
    ///
    /// - Parameters:
    ///   - numbers: at least one.
    ///   - values: rows of `width` elements one after another.
    public init(_ numbers: ArraySlice<Int>, of values: UnsafeBufferPointer<Double>, width: Int) {
        precondition(!numbers.isEmpty && width > 0, "no rows")
        let first = numbers.startIndex
        count = min(4, numbers.count)
        let row = { [count] (index: Int) -> UnsafePointer<Double> in
            let number = numbers[first + (index < count ? index : 0)]
            precondition(number >= 0 && number < values.count / width, "row out of range")
            return values.baseAddress! + number * width
        }
        rows = (row(0), row(1), row(2), row(3))
        weights = SIMD4(1, count > 1 ? 1 : 0, count > 2 ? 1 : 0, count > 3 ? 1 : 0)
    }

    /// The sum of the rows at some lanes.
    @inlinable @inline(__always) public func sum(at index: Int, lanes: Int) -> SIMD4<Double> {
        let first = SIMD4(rows.0 + index, lanes: lanes) + SIMD4(rows.1 + index, lanes: lanes) * weights.y
        return first + (SIMD4(rows.2 + index, lanes: lanes) * weights.z + SIMD4(rows.3 + index, lanes: lanes) * weights.w)
    }

    /// The sum of the squares of what the rows differ from a vector at some lanes.
    @inlinable @inline(__always) public func squaredDeviations(from mean: SIMD4<Double>, at index: Int, lanes: Int) -> SIMD4<Double> {
        let (a, b) = (SIMD4(rows.0 + index, lanes: lanes) - mean, SIMD4(rows.1 + index, lanes: lanes) - mean)
        let (c, d) = (SIMD4(rows.2 + index, lanes: lanes) - mean, SIMD4(rows.3 + index, lanes: lanes) - mean)
        return (a * a + b * b * weights.y) + (c * c * weights.z + d * d * weights.w)
    }

    /// A range cut in two where its last whole four ends.
    public static func lanes(of range: Range<Int>) -> (fours: StrideTo<Int>, rest: Range<Int>) {
        let end = range.lowerBound + range.count / 4 * 4
        return (stride(from: range.lowerBound, to: end, by: 4), end..<range.upperBound)
    }
}

extension SIMD4 where Scalar == Double {
    /// Up to four elements, and zeros.
    @inlinable @inline(__always) public init(_ elements: UnsafePointer<Double>, lanes: Int) {
        if lanes == 4 {
            self = UnsafeRawPointer(elements).loadUnaligned(as: Self.self)
        } else {
            self = .zero
            for lane in 0..<lanes { self[lane] = elements[lane] }
        }
    }

    /// Stores as many of the elements.
    @inlinable @inline(__always) public func store(to elements: UnsafeMutablePointer<Double>, lanes: Int) {
        if lanes == 4 {
            UnsafeMutableRawPointer(elements).storeBytes(of: self, as: Self.self)
        } else {
            for lane in 0..<lanes { elements[lane] = self[lane] }
        }
    }
}
