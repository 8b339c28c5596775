import Synchronization
import Testing

@testable import LinearAlgebra

/// The blocked forms against full products, on both sides of a block's border, in one share and in several.
@Suite struct SymmetricKernelTests {
    private final class Counter: Sendable { let value = Atomic(0) }

    private func symmetric(_ order: Int, _ generator: inout SplitMix64) throws -> Matrix {
        var full = try randomMatrix(order, order, &generator)
        for column in 0..<order { for row in 0..<column { full[row, column] = full[column, row] } }
        return full
    }

    /// A copy with NaN in the triangle that must not be read.
    private func hiding(_ hidden: CChar, of full: borrowing Matrix) throws -> Matrix {
        var half = try full.copied()
        for column in 0..<full.columns {
            for row in 0..<full.rows where hidden == BLAS.upper ? row < column : row > column { half[row, column] = .nan }
        }
        return half
    }

    private func largestDifference(_ a: borrowing Matrix, _ b: borrowing Matrix) -> Double {
        var largest = 0.0
        for column in 0..<a.columns {
            for row in 0..<a.rows {
                let difference = abs(a[row, column] - b[row, column])
                largest = difference.isNaN ? .infinity : max(largest, difference)
            }
        }
        return largest
    }

    @Test(arguments: [2, 7])
    func product_inShares_isTheFullProduct(threads: Int) throws {
        try withThreads(threads) {
            for (order, columns) in [(513, 20), (1060, 2)] {
                try product_ofOneTriangle_isTheFullProduct(order: order, columns: columns)
            }
        }
    }

    @Test(arguments: [2, 7])
    func update_inShares_leavesTheOtherTriangleAlone(threads: Int) throws {
        try withThreads(threads) {
            for (order, depth) in [(257, 70), (1025, 3)] {
                try update_ofOneTriangle_leavesTheOtherAlone(order: order, depth: depth)
            }
        }
    }

    private func withThreads(_ count: Int, _ body: () throws -> Void) rethrows {
        try ComputeThreads.$countInTask.withValue(count) { try body() }
    }

    @Test(arguments: [5, 511, 512, 513, 1060], [1, 2, 9, 400])
    func product_ofOneTriangle_isTheFullProduct(order: Int, columns: Int) throws {
        for (uplo, hidden) in [(BLAS.upper, BLAS.lower), (BLAS.lower, BLAS.upper)] {
            var generator = SplitMix64(state: UInt64(order + columns))
            let full = try symmetric(order, &generator)
            let half = try hiding(hidden, of: full)
            let b = try randomMatrix(order, columns, &generator)
            var expected = try Matrix(rows: order, columns: columns)
            expected.multiply(full, by: b)
            // The previous values must not matter.
            var product = try Matrix(rows: order, columns: columns)
            product.fill(.nan)
            SymmetricKernel.multiply(uplo: uplo, order: order, half.base, lda: order, b.base, columns: columns, into: product.base)
            #expect(largestDifference(product, expected) < 1e-12 * Double(order))
        }
    }

    @Test(arguments: [5, 300, 513, 1060], [1, 2, 3, 8])
    func sharesOfAVectorProduct_addUpToIt(order: Int, shares: Int) throws {
        for (uplo, hidden) in [(BLAS.upper, BLAS.lower), (BLAS.lower, BLAS.upper)] {
            var generator = SplitMix64(state: UInt64(order + shares))
            let full = try symmetric(order, &generator)
            let half = try hiding(hidden, of: full)
            let x = try randomMatrix(order, 1, &generator)
            var expected = try Matrix(rows: order, columns: 1)
            expected.multiply(full, by: x)
            var sum = try Matrix(rows: order, columns: 1)
            for share in 0..<shares {
                var part = try Matrix(rows: order, columns: 1)
                part.fill(.nan)
                SymmetricKernel.multiply(share: share, of: shares, uplo: uplo, order: order, half.base, lda: order, x.base, into: part.base)
                sum.add(part)
            }
            #expect(largestDifference(sum, expected) < 1e-12 * Double(order))
        }
    }

    /// Through a pair, whose target has no room for parts, and whose two triangles hold different matrices.
    @Test(arguments: [1, 2, 7])
    func productWithAVector_isThatOfOneThread(threads: Int) throws {
        let order = 2100
        var generator = SplitMix64(state: 5)
        var pair = try SymmetricPair(dimension: order)
        pair.resetInverse(ridge: 0.5)
        let t = try randomMatrix(order, 3, &generator)
        let h = try randomMatrix(order, 4, &generator)
        pair.unlearn(t, t)
        pair.addToGram(h)
        let vector = try randomMatrix(order, 1, &generator)
        var inverse = try Matrix(rows: order, columns: 1)
        var gram = try Matrix(rows: order, columns: 1)
        try withThreads(threads) {
            try pair.multiplyInverse(vector, into: &inverse)
            try pair.multiplyGram(vector, into: &gram)
        }
        #expect(inverse.columns == 1 && gram.columns == 1)
        // R = 2I + TTᵀ, G = HHᵀ − TTᵀ.
        var ofT = try Matrix(rows: 3, columns: 1)
        var ofH = try Matrix(rows: 4, columns: 1)
        ofT.multiply(t, transposed: true, by: vector)
        ofH.multiply(h, transposed: true, by: vector)
        var expected = try vector.copied()
        expected.multiply(t, by: ofT, beta: 2)
        #expect(largestDifference(inverse, expected) < 1e-9)
        expected.multiply(t, by: ofT, alpha: -1)
        expected.multiply(h, by: ofH, beta: 1)
        #expect(largestDifference(gram, expected) < 1e-9)
    }

    @Test(arguments: [1, 7, 300, 1023, 1024, 1025, 1100], [1, 3, 70])
    func update_ofOneTriangle_leavesTheOtherAlone(order: Int, depth: Int) throws {
        for (uplo, hidden) in [(BLAS.upper, BLAS.lower), (BLAS.lower, BLAS.upper)] {
            var generator = SplitMix64(state: UInt64(order * depth))
            let full = try symmetric(order, &generator)
            let half = try hiding(hidden, of: full)
            let a = try randomMatrix(order, depth, &generator)
            let transposed = try a.transposed()
            var expected = try full.copied()
            expected.multiply(a, by: transposed, alpha: -0.5, beta: 1)
            RankUpdate(uplo: uplo, order: order, a: a.base, depth: depth, factor: -0.5, target: half.base, lead: order).perform()
            var isExact = true
            for column in 0..<order {
                for row in 0..<order {
                    let isHidden = hidden == BLAS.upper ? row < column : row > column
                    let value = half[row, column]
                    if isHidden ? !value.isNaN : !(abs(value - expected[row, column]) < 1e-12 * Double(depth)) { isExact = false }
                }
            }
            #expect(isExact)
        }
    }

    /// For every number of threads, each way of running an update beside other work.
    @Test(arguments: [1, 2, 3, 5], [1, 300, 1100])
    func update_besideOtherWork_isTheSame_andTheWorkIsDoneOnce(threads: Int, order: Int) throws {
        let depth = 40
        for uplo in [BLAS.upper, BLAS.lower] {
            for chains in 1...2 {
                var generator = SplitMix64(state: UInt64(order + chains))
                let half = try hiding(uplo == BLAS.upper ? BLAS.lower : BLAS.upper, of: symmetric(order, &generator))
                let expected = try half.copied()
                let a = try randomMatrix(order, depth, &generator)
                RankUpdate(uplo: uplo, order: order, a: a.base, depth: depth, factor: 2, target: expected.base, lead: order).perform()
                let calls = Counter()
                let call = { () -> Void in calls.value.add(1, ordering: .relaxed) }
                let update = RankUpdate(uplo: uplo, order: order, a: a.base, depth: depth, factor: 2, target: half.base, lead: order)
                withThreads(threads) { update.perform(besideChains: chains) { _ in call() } }
                #expect(calls.value.load(ordering: .relaxed) == chains)
                var isSame = true
                for column in 0..<order {
                    for row in 0..<order {
                        let (value, other) = (half[row, column], expected[row, column])
                        if value.isNaN ? !other.isNaN : !(abs(value - other) < 1e-11) { isSame = false }
                    }
                }
                #expect(isSame)
            }
        }
    }

    @Test(arguments: [1, 2, 31, 32, 33, 63, 64, 65, 100, 200]) func lowerProduct_isThatOfBothFactors(order: Int) throws {
        for (threads, depth) in [(1, 0), (1, 30), (2, 130), (3, 400)] {
            var generator = SplitMix64(state: UInt64(order))
            let a = try randomMatrix(depth, order, &generator)
            let inner = try symmetric(depth, &generator)
            var b = try Matrix(rows: depth, columns: order)
            b.multiply(inner, by: a)
            var full = try Matrix(rows: order, columns: order)
            full.multiply(a, transposed: true, by: b)
            var lower = try Matrix(rows: order, columns: order)
            lower.fill(.nan)
            withThreads(threads) { lower.multiplyLower(a, transposedBy: b) }
            for column in 0..<order {
                for row in column..<order { #expect(abs(lower[row, column] - full[row, column]) <= 1e-12 * Double(depth * depth)) }
            }
        }
    }

    @Test(arguments: [1, 2, 31, 32, 33, 64, 65, 100, 257]) func triangularSolveInBlocks_isThatOfTheWholeTriangle(order: Int) throws {
        for (threads, rows) in [(1, 1), (1, 40), (2, 300)] {
            var generator = SplitMix64(state: UInt64(order + rows))
            var l = try randomMatrix(order, order, &generator)
            for column in 0..<order {
                for row in 0..<order { l[row, column] = row < column ? .nan : row == column ? 2 : l[row, column] / Double(order) }
            }
            let expected = try randomMatrix(rows, order, &generator)
            // T = X Lᵀ, written out.
            var product = try Matrix(rows: rows, columns: order)
            for row in 0..<rows {
                for column in 0..<order {
                    var sum = 0.0
                    for k in 0...column { sum += expected[row, k] * l[column, k] }
                    product[row, column] = sum
                }
            }
            withThreads(threads) { product.solveRightTransposed(lower: l) }
            #expect(largestDifference(product, expected) < 1e-12)
        }
    }

    /// Rows close to earlier rows leave diagonal elements of very different size: the way of solving must fit such triangles. (The test
    /// cannot show that the others are inverted, and these are not.)
    @Test(arguments: [2, 64, 150]) func triangularSolveOfAnIllConditionedTriangle_fitsTheTriangle(order: Int) throws {
        var generator = SplitMix64(state: UInt64(order))
        var l = try randomMatrix(order, order, &generator)
        for index in 0..<order { l[index, index] = index.isMultiple(of: 2) ? 1e5 : 1 }
        let given = try randomMatrix(20, order, &generator)
        var solution = try given.copied()
        solution.solveRightTransposed(lower: l)
        // T Lᵀ equals the input, to the last digits of its terms.
        var largest = 0.0
        for row in 0..<20 {
            for column in 0..<order {
                var (sum, size) = (0.0, 0.0)
                for k in 0...column {
                    sum += solution[row, k] * l[column, k]
                    size += abs(solution[row, k] * l[column, k])
                }
                let difference = abs(sum - given[row, column]) / max(size, 1e-300)
                largest = difference.isNaN ? .infinity : max(largest, difference)
            }
        }
        #expect(largest < 1e-13)
    }

    @Test func reductions_agreeWithSumsWrittenOut() throws {
        var generator = SplitMix64(state: 3)
        for (rows, columns) in [(1, 1), (7, 1), (8, 3), (33, 5), (20, 8)] {
            var matrix = try randomMatrix(rows, columns, &generator)
            var squares = 0.0
            var diagonal = [Double](repeating: 2, count: rows)
            var expected = diagonal
            for column in 0..<columns {
                for row in 0..<rows {
                    squares += matrix[row, column] * matrix[row, column]
                    expected[row] -= matrix[row, column] * matrix[row, column]
                }
            }
            #expect(abs(matrix.sumOfSquares - squares) < 1e-12)
            matrix.subtractRowSquares(from: &diagonal)
            #expect(zip(diagonal, expected).allSatisfy { abs($0 - $1) < 1e-12 })
            let isFinite = matrix.isFinite
            #expect(isFinite)
            for bad in [Double.nan, .infinity, -.infinity] {
                for (row, column) in [(0, 0), (rows - 1, columns - 1), (rows / 2, columns / 2)] {
                    let good = matrix[row, column]
                    matrix[row, column] = bad
                    let isStillFinite = matrix.isFinite
                    #expect(!isStillFinite)
                    matrix[row, column] = good
                }
            }
        }
    }

    @Test func twoTriangularSolves_solveWithTheProductOfTheFactor() throws {
        var generator = SplitMix64(state: 5)
        let a = try randomMatrix(20, 40, &generator)
        var gram = try Matrix(rows: 20, columns: 20)
        gram.addLowerProduct(a)
        var factor = try gram.copied()
        try factor.factorCholesky()
        let right = try randomMatrix(20, 3, &generator)
        var solution = try right.copied()
        solution.solveLeft(lower: factor)
        solution.solveLeftTransposed(lower: factor)
        for column in 0..<3 {
            for row in 0..<20 {
                var sum = 0.0
                for k in 0..<20 { sum += gram[max(row, k), min(row, k)] * solution[k, column] }
                #expect(abs(sum - right[row, column]) < 1e-10)
            }
        }
    }
}
