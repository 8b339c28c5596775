/// The order in which a matrix is gone through where one side of the work is strided, as it is in a transposition: in square tiles, which
/// keep both sides in the nearest cache.
enum Tiles {
    /// The rows and columns of a tile: 8 KiB of each side.
    private static let width = 32

    /// Which part of a matrix is gone through.
    enum Part {
        case all
        /// On and below the diagonal.
        case lower
        /// On and above the diagonal.
        case upper
    }

    /// Calls `body` once for each column of each tile, with the rows of the column that lie in the tile and in the part; never with none.
    ///
    /// - Parameters:
    ///   - part: triangles need the same range of rows and columns.
    ///   - body: works through consecutive rows.
    @inline(__always)
    static func forEach(
        _ part: Part, rows: Range<Int>, columns: Range<Int>, _ body: (_ column: Int, _ rows: Range<Int>) -> Void
    ) {
        for firstColumn in stride(from: columns.lowerBound, to: columns.upperBound, by: width) {
            let endColumn = min(firstColumn + width, columns.upperBound)
            let top = part == .lower ? firstColumn : rows.lowerBound
            let bottom = part == .upper ? endColumn : rows.upperBound
            for firstRow in stride(from: top, to: bottom, by: width) {
                let endRow = min(firstRow + width, bottom)
                for column in firstColumn..<endColumn {
                    let first = part == .lower ? max(firstRow, column) : firstRow
                    let end = part == .upper ? min(endRow, column + 1) : endRow
                    body(column, Range(uncheckedBounds: (first, end)))
                }
            }
        }
    }

    /// The same for a square matrix.
    @inline(__always)
    static func forEach(_ part: Part, of order: Range<Int>, _ body: (_ column: Int, _ rows: Range<Int>) -> Void) {
        forEach(part, rows: order, columns: order, body)
    }
}
