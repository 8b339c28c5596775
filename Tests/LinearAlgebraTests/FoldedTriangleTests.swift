import Testing

@testable import LinearAlgebra

@Suite struct FoldedTriangleTests {
    @Test(arguments: [1, 2, 3, 4, 7, 8, 129]) func everyElementHasItsOwnPlace(_ order: Int) {
        let (rows, columns) = FoldedTriangle.shape(order: order)
        var uses = [Int](repeating: 0, count: rows * columns)
        for column in 0..<order {
            let origin = FoldedTriangle.origin(ofColumn: column, order: order)
            for row in column..<order { uses[origin + row] += 1 }
        }
        #expect(uses.allSatisfy { $0 <= 1 })
        #expect(uses.reduce(0, +) == order * (order + 1) / 2)
    }
}
