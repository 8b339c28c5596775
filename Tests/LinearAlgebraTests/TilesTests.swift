import Testing

@testable import LinearAlgebra

@Suite struct TilesTests {
    @Test(arguments: [Tiles.Part.all, .lower, .upper], [0, 1, 31, 32, 33, 100])
    func square_isGoneThroughOnce_inItsPart(part: Tiles.Part, order: Int) {
        let first = 7
        var visits = [Int](repeating: 0, count: order * order)
        Tiles.forEach(part, of: first..<(first + order)) { column, rows in
            #expect(!rows.isEmpty && rows.count <= 32)
            for row in rows { visits[(row - first) + (column - first) * order] += 1 }
        }
        for column in 0..<order {
            for row in 0..<order {
                let isIn = part == .all || (part == .lower ? row >= column : row <= column)
                #expect(visits[row + column * order] == (isIn ? 1 : 0))
            }
        }
    }

    @Test(arguments: [(0, 5), (5, 0), (3, 70), (64, 33)]) func rectangle_isGoneThroughOnce(rows: Int, columns: Int) {
        var visits = [Int](repeating: 0, count: rows * columns)
        Tiles.forEach(.all, rows: 0..<rows, columns: 0..<columns) { column, range in
            for row in range { visits[row + column * rows] += 1 }
        }
        #expect(visits.allSatisfy { $0 == 1 })
    }
}
