internal import LinearAlgebra

/// P = A⁻¹ for a positive definite A, column-major with both triangles.
///
/// A is first scaled to a unit diagonal, because classes may differ in size by orders of magnitude.
enum PrecisionMatrix {
    /// Above this condition number of the scaled A, its inverse is not used.
    static let largestCondition = 1e10
    /// From this order on LAPACK is faster than the loops below.
    private static let ordersForLibrary = 128

    /// - Parameters:
    ///   - elements: A, column-major with both triangles.
    ///   - order: its order.
    /// - Returns: nil if A has no Cholesky factor, or its condition in the 1-norm is above `largestCondition`.
    /// - Complexity: order³ operations.
    static func inverse(of elements: [Double], order: Int) -> [Double]? {
        var scale = [Double](repeating: 0, count: order)
        for index in 0..<order {
            let diagonal = elements[index * (order + 1)]
            guard diagonal > 0, diagonal.isFinite else { return nil }
            scale[index] = 1 / diagonal.squareRoot()
        }
        var scaled = elements
        for column in 0..<order {
            for row in 0..<order { scaled[row + column * order] *= scale[row] * scale[column] }
        }
        let norm = oneNorm(scaled, order)
        guard invert(&scaled, order) else { return nil }
        // NaN is not below the bound.
        guard norm * oneNorm(scaled, order) <= largestCondition else { return nil }
        for column in 0..<order {
            for row in 0..<order { scaled[row + column * order] *= scale[row] * scale[column] }
        }
        return scaled
    }

    private static func oneNorm(_ elements: [Double], _ order: Int) -> Double {
        var largest = 0.0
        for column in 0..<order {
            var sum = 0.0
            for row in 0..<order { sum += abs(elements[row + column * order]) }
            guard sum.isFinite else { return .infinity }
            largest = max(largest, sum)
        }
        return largest
    }

    private static func invert(_ elements: inout [Double], _ order: Int) -> Bool {
        // The library's threads may be lent to learning for long: a prediction does not wait for them.
        let isInverted =
            order >= ordersForLibrary && !BLASLibrary.current.isOccupied
            ? invertByLibrary(&elements, order) : elements.withUnsafeMutableBufferPointer { invertAlone($0, order) }
        guard isInverted else { return false }
        for column in 0..<order {
            for row in 0..<column { elements[row + column * order] = elements[column + row * order] }
        }
        return true
    }

    private static func invertByLibrary(_ elements: inout [Double], _ order: Int) -> Bool {
        do throws(LinearAlgebraError) {
            var matrix = try Matrix(rows: order, columns: order)
            elements.withUnsafeBufferPointer { elements in matrix.withMutableElements { _ = $0.update(fromContentsOf: elements) } }
            try matrix.factorCholesky()
            try matrix.invertCholesky()
            elements = matrix.withElements { Array($0) }
            return true
        } catch { return false }
    }

    /// Overwrites the lower triangle by that of the inverse, with loops of our own: no threads, no locks, no memory.
    private static func invertAlone(_ a: UnsafeMutableBufferPointer<Double>, _ n: Int) -> Bool {
        guard let a = a.baseAddress else { return true }
        // L, column by column.
        for column in 0..<n {
            let target = a + column * n
            for earlier in 0..<column { subtract(a + earlier * n, times: a[column + earlier * n], from: target, column..<n) }
            let pivot = target[column]
            guard pivot > 0, pivot.isFinite else { return false }
            let factor = 1 / pivot.squareRoot()
            for row in column..<n { target[row] *= factor }
        }
        // L⁻¹, from its last column to the first: the columns of L to the right are already inverted.
        for column in stride(from: n - 1, through: 0, by: -1) {
            let target = a + column * n
            let inverse = 1 / target[column]
            for row in stride(from: n - 1, to: column, by: -1) {
                let factor = target[row]
                target[row] = 0
                // −L⁻¹[row…, row]·L[row, column], added below what is already there.
                subtract(a + row * n, times: factor, from: target, row..<n)
            }
            target[column] = inverse
            for row in (column + 1)..<max(n, column + 1) { target[row] *= inverse }
        }
        // L⁻ᵀL⁻¹: element [i, j] with i ≥ j needs rows from i on, so it may replace what is above.
        for column in 0..<n {
            for row in column..<n { a[row + column * n] = dot(a + row * n, a + column * n, row..<n) }
        }
        return true
    }

    @inline(__always)
    private static func subtract(
        _ source: UnsafeMutablePointer<Double>, times factor: Double, from target: UnsafeMutablePointer<Double>, _ rows: Range<Int>
    ) {
        for row in rows { target[row] -= factor * source[row] }
    }

    private typealias Lanes = SIMD8<Double>

    /// The product of some elements of two columns.
    private static func dot(_ a: UnsafeMutablePointer<Double>, _ b: UnsafeMutablePointer<Double>, _ rows: Range<Int>) -> Double {
        var (sums, row) = (Lanes.zero, rows.lowerBound)
        while row + 8 <= rows.upperBound {
            sums += UnsafeRawPointer(a + row).loadUnaligned(as: Lanes.self) * UnsafeRawPointer(b + row).loadUnaligned(as: Lanes.self)
            row += 8
        }
        var sum = sums.sum()
        while row < rows.upperBound {
            sum += a[row] * b[row]
            row += 1
        }
        return sum
    }
}
