/// The lower triangle of a square matrix of order D in (D + 1)·⌈D/2⌉ elements, with the rows of a column side by side.
///
/// The memory has ⌈D/2⌉ columns of D + 1 elements. Column c of the first half of the triangle ends its column of the memory; column
/// D − 1 − c of the second half, which is no longer than what is free there, begins it.
enum FoldedTriangle {
    /// The shape of the memory.
    static func shape(order: Int) -> (rows: Int, columns: Int) { (order + 1, (order + 1) / 2) }

    /// The index in the memory that row 0 of a column would have: row r ≥ `column` is r elements further on.
    static func origin(ofColumn column: Int, order: Int) -> Int {
        column < (order + 1) / 2 ? column * (order + 1) + 1 : (order - 1 - column) * (order + 1) - column
    }
}
