import Testing

@testable import LinearAlgebra

/// The product of a packed triangle against that of the whole matrix, on both sides of a piece's border, in one share and in several.
@Suite struct PackedProductTests {
    @Test(arguments: [1, 5, 63, 64, 65, 511, 512, 513, 650], [1, 2, 16, 17])
    func product_isThatOfTheWholeMatrix(order: Int, columns: Int) throws {
        for threads in [1, 3] {
            try ComputeThreads.$countInTask.withValue(threads) {
                var generator = SplitMix64(state: UInt64(order * 100 + columns))
                let packed = (0..<(order * (order + 1) / 2)).map { _ in Double.random(in: -1...1, using: &generator) }
                let b = try randomMatrix(order, columns, &generator)
                // What the target held does not matter.
                var product = try randomMatrix(order, columns + 3, &generator)
                try packed.withUnsafeBufferPointer { try product.multiply(packedLower: $0, by: b) }
                let (height, width) = (product.rows, product.columns)
                #expect(height == order && width == columns)
                var largest = 0.0
                for column in 0..<columns {
                    for row in 0..<order {
                        var sum = 0.0
                        for index in 0..<order {
                            let (high, low) = (max(row, index), min(row, index))
                            sum += packed[high * (high + 1) / 2 + low] * b[index, column]
                        }
                        largest = max(largest, abs(product[row, column] - sum))
                    }
                }
                #expect(largest < 1e-12 * Double(order))
            }
        }
    }

    /// A value that is not a number reaches the result wherever it stands.
    @Test func notANumber_isNotLost() throws {
        let order = 130
        for place in [0, 1, 64 * 65 / 2 + 3, order * (order + 1) / 2 - 1] {
            var packed = [Double](repeating: 1, count: order * (order + 1) / 2)
            packed[place] = .nan
            var b = try Matrix(rows: order, columns: 2)
            b.fill(1)
            var product = try Matrix(rows: order, columns: 2)
            try packed.withUnsafeBufferPointer { try product.multiply(packedLower: $0, by: b) }
            let isFinite = product.isFinite
            #expect(!isFinite)
        }
    }
}
