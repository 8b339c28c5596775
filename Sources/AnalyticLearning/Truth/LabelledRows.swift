internal import LinearAlgebra

/// Unmapped rows, each with its class.
struct LabelledRows {
    /// n·d values, row after row.
    let features: UnsafeBufferPointer<Double>
    /// The class of each row.
    let columns: ArraySlice<Int>
    /// d.
    let dimension: Int

    init(_ features: UnsafeBufferPointer<Double>, _ columns: ArraySlice<Int>, dimension: Int) {
        precondition(features.count == columns.count * dimension, "features and labels of different length")
        self.features = features
        self.columns = columns
        self.dimension = dimension
    }

    var count: Int { columns.count }

    /// A range of the rows, counted from the first.
    subscript(range: Range<Int>) -> LabelledRows {
        let first = columns.startIndex
        return LabelledRows(
            UnsafeBufferPointer(rebasing: features[(range.lowerBound * dimension)..<(range.upperBound * dimension)]),
            columns[(first + range.lowerBound)..<(first + range.upperBound)], dimension: dimension)
    }

    /// Calls `body` with consecutive rows, up to this many at a time.
    func forEachPart(
        of rows: Int, _ body: (LabelledRows) throws(LinearAlgebraError) -> Void
    ) throws(LinearAlgebraError) {
        for start in stride(from: 0, to: count, by: rows) { try body(self[start..<min(start + rows, count)]) }
    }
}
