import Testing

@testable import LinearAlgebra

/// Products by small calls against written-out products; they must hold with every library, whether or not it gains by them.
@Suite struct DirectProductTests {
    @Test(arguments: [1, 31, 32, 33, 100], [1, 511, 512, 700])
    func productOfTallMatrices_isTheSumWrittenOut(columns: Int, rows: Int) throws {
        var generator = SplitMix64(state: UInt64(columns + rows))
        let a = try randomMatrix(rows, columns, &generator)
        let b = try randomMatrix(rows, 40, &generator)
        for beta in [0.0, 0.5] {
            var product = try Matrix(rows: columns, columns: 40)
            // With β = 0 the previous values must not matter.
            product.fill(beta == 0 ? .nan : 3)
            DirectProduct.multiplyTransposed(
                m: columns, n: 40, k: rows, 2, a.base, lda: rows, b.base, ldb: rows, beta, product.base, ldc: columns)
            var largest = 0.0
            for row in 0..<columns {
                for column in 0..<40 {
                    var sum = 0.0
                    for term in 0..<rows { sum += a[term, row] * b[term, column] }
                    let difference = abs(product[row, column] - (2 * sum + (beta == 0 ? 0 : 3 * beta)))
                    largest = difference.isNaN ? .infinity : max(largest, difference)
                }
            }
            #expect(largest < 1e-11)
        }
    }

    /// A block in the middle of a larger matrix. Its other triangle and surroundings must not be read, and no other rows of C written.
    @Test(arguments: [1, 17, 127, 128, 129, 700], [1, 2, 9, 64])
    func blockOfASymmetricProduct_isTheSumWrittenOut(height: Int, columns: Int) throws {
        let (order, first) = (height + 30, 13)
        var generator = SplitMix64(state: UInt64(height + columns))
        let random = try randomMatrix(order, order, &generator)
        var a = try Matrix(rows: order, columns: order)
        a.fill(.nan)
        for column in first..<(first + height) { for row in first...column { a[row, column] = random[row, column] } }
        let b = try randomMatrix(order, columns, &generator)
        var product = try Matrix(rows: order, columns: columns)
        product.fill(.nan)
        DirectProduct.multiplyUpper(
            first..<(first + height), a.base, lda: order, b.base, columns: columns, into: product.base, order: order)
        var (largest, others) = (0.0, 0)
        for row in 0..<order {
            for column in 0..<columns {
                guard row >= first, row < first + height else {
                    if !product[row, column].isNaN { others += 1 }
                    continue
                }
                var sum = 0.0
                for term in first..<(first + height) { sum += random[min(row, term), max(row, term)] * b[term, column] }
                let difference = abs(product[row, column] - sum)
                largest = difference.isNaN ? .infinity : max(largest, difference)
            }
        }
        #expect(largest < 1e-11)
        #expect(others == 0)
    }

    @Test(arguments: [
        ("SkylakeX", [0, 3, 21], true), ("SkylakeX", [0, 3, 18], true), ("Cooperlake", [0, 4], true), ("SapphireRapids", [1, 0, 0], true),
        ("SkylakeX", [0, 3, 13], false), ("Haswell", [0, 3, 21], false), ("Zen", [0, 3, 29], false), ("", [0, 3, 21], false),
    ]) func onlyKernelsThatNeedNoPacking_areTaken(core: String, version: [Int], isAvailable: Bool) {
        #expect(DirectProduct.hasKernels(core: core, version: version) == isAvailable)
    }

    @Test func aLibraryThatSaysNothing_isNotTaken() {
        #expect(!DirectProduct.hasKernels(core: nil, version: [0, 3, 21]))
        #expect(!DirectProduct.hasKernels(core: "SkylakeX", version: nil))
    }
}
