extension SymmetricPair {
    /// Columns of G that are split and multiplied together.
    private static let residualBlock = 128

    /// E ← Q − (G+λI)W in about one and a half times the precision of Float64, including what the sums have lost to rounding.
    ///
    /// For iterative refinement (Wilkinson 1963; Higham, Accuracy and Stability, ch. 12) a residual in working precision is noise: it is
    /// the difference of numbers that agree in all their digits. Here G and W are each split into an upper part of about 20 bits on a
    /// common grid and the rest (Ozaki et al. 2012). The product of the upper parts is a sum of integers below 2⁵³, which `dgemm` adds
    /// without rounding in any order. Everything else is smaller by those 20 bits, and so is its rounding.
    ///
    /// - Parameters:
    ///   - weights: W [D×C].
    ///   - ridge: λ.
    ///   - crossMoment: Q [D×C].
    ///   - rest: what the sums in Q have lost, [D×C], or without columns.
    /// - Returns: E [D×C].
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: 3D²C multiply-adds; memory for 4DC + 256D doubles.
    public func residual(
        of weights: borrowing Matrix, ridge: Double, crossMoment: borrowing Matrix, rest: borrowing Matrix
    ) throws(LinearAlgebraError) -> Matrix {
        let (order, classes) = (dimension, weights.columns)
        precondition(
            weights.rows == order && crossMoment.rows == order && rest.rows == order && crossMoment.columns == classes
                && (rest.columns == classes || rest.columns == 0), "shapes do not fit a residual")
        // D terms of two upper parts of b bits: 2b + log₂ D bits, and one because the nearest multiple may be the next one up.
        let bits = (51 - (Int.bitWidth - (order - 1).leadingZeroBitCount)) / 2
        let upper = try Self.upperPart(of: weights, bits: bits)
        var lower = try weights.copied()
        lower.add(upper, times: -1)
        let result = try crossMoment.copied()
        var exact = try Matrix(rows: 0, columns: classes)
        var upperColumns = try Matrix(rows: order, columns: 0, columnCapacity: Self.residualBlock)
        var lowerColumns = try Matrix(rows: order, columns: 0, columnCapacity: Self.residualBlock)
        let grid = Self.grid(for: largestGramElement, bits: bits)
        for first in stride(from: 0, to: order, by: Self.residualBlock) {
            let block = first..<min(first + Self.residualBlock, order)
            try upperColumns.reshapeScratch(columns: block.count)
            try lowerColumns.reshapeScratch(columns: block.count)
            try exact.reshapeScratch(rows: block.count, columns: classes)
            splitGram(block, grid: grid, upperColumns.base, lowerColumns.base)
            exact.multiply(upperColumns, transposed: true, by: upper)
            // Q and the exact product agree in their upper bits, so their difference is exact.
            for column in 0..<classes {
                let (target, product) = (result.base + column * order + block.lowerBound, exact.base + column * block.count)
                for row in 0..<block.count { target[row] -= product[row] }
            }
            exact.multiply(upperColumns, transposed: true, by: lower)
            exact.multiply(lowerColumns, transposed: true, by: weights, beta: 1)
            for column in 0..<classes {
                let start = column * order + block.lowerBound
                let (target, product) = (result.base + start, exact.base + column * block.count)
                let weight = weights.base + start
                for row in 0..<block.count { target[row] -= product[row] + ridge * weight[row] }
                guard rest.columns > 0 else { continue }
                let lost = rest.base + start
                for row in 0..<block.count { target[row] += lost[row] }
            }
        }
        return result
    }

    /// The largest element of G by magnitude: a Gram matrix has it on the diagonal.
    private var largestGramElement: Double {
        var largest = 0.0
        for index in 0..<dimension { largest = max(largest, abs(gram[index + index * lead])) }
        return largest
    }

    /// Some whole columns of G, each element split into its nearest multiple of the grid and the rest.
    private func splitGram(
        _ block: Range<Int>, grid: Double, _ upper: UnsafeMutablePointer<Double>, _ lower: UnsafeMutablePointer<Double>
    ) {
        let (order, gram, lead, magnet) = (dimension, gram, lead, 0x1.8p52 * grid)
        let rest = isCompensated ? gramRest.base : nil
        let split = { (row: Int, column: Int, target: Int) in
            let value = gram[row + column * lead]
            let nearest = (value + magnet) - magnet
            upper[target] = nearest
            lower[target] = (value - nearest) + (rest.map { $0[row + FoldedTriangle.origin(ofColumn: column, order: order)] } ?? 0)
        }
        for column in block {
            let target = (column - block.lowerBound) * order
            for row in column..<order { split(row, column, target + row) }
        }
        // Elements above the diagonal are stored below it: read by columns of the triangle, as stored.
        for column in 0..<block.upperBound {
            for row in max(block.lowerBound, column + 1)..<max(block.upperBound, column + 1) {
                split(row, column, (row - block.lowerBound) * order + column)
            }
        }
    }

    /// Each column's elements as their nearest multiples of a grid, `bits` bits below the column's largest.
    private static func upperPart(of matrix: borrowing Matrix, bits: Int) throws(LinearAlgebraError) -> Matrix {
        let result = try matrix.copied()
        for column in 0..<result.columns {
            let elements = result.base + column * result.rows
            var largest = 0.0
            for row in 0..<result.rows { largest = max(largest, abs(elements[row])) }
            let magnet = 0x1.8p52 * grid(for: largest, bits: bits)
            for row in 0..<result.rows { elements[row] = (elements[row] + magnet) - magnet }
        }
        return result
    }

    /// 2^(e−b) for the smallest 2^e above a magnitude.
    private static func grid(for largest: Double, bits: Int) -> Double {
        guard largest.isNormal else { return 0 }
        return Double(sign: .plus, exponent: max(-1000, Int(largest.exponent) + 1 - bits), significand: 1)
    }
}
