/// Looks whether the first column of a table does nothing but count the rows.
///
/// Such a column, the index of a data frame, would be a feature that grows without end.
struct RowNumberColumn {
    /// Whether a header names the columns, but not this one.
    private let isUnnamed: Bool
    private var isPossible: Bool
    private var rows = 0
    private var next = 0.0

    /// - Parameter name: the column's in the header; nil without one.
    init(name: String?, isFeature: Bool) {
        isUnnamed = name != nil
        isPossible = isFeature && name.map { $0.isEmpty || $0.hasPrefix("Unnamed: 0") } ?? true
    }

    /// Takes the value of the next row.
    ///
    /// - Returns: whether the column is now known to count: told once.
    mutating func add(_ value: Double) -> Bool {
        guard isPossible else { return false }
        // A part of a table may begin anywhere, but then only a missing name tells what the column is.
        if rows == 0 { next = isUnnamed && value >= 0 && value == value.rounded() ? value : value == 1 ? 1 : 0 }
        isPossible = value == next
        next += 1
        rows += 1
        return isPossible && rows == 20 ? tell() : false
    }

    /// Whether the column counts the rows of a table that ends here.
    mutating func finish() -> Bool { isPossible && rows >= (isUnnamed ? 2 : 5) && tell() }

    private mutating func tell() -> Bool {
        isPossible = false
        return true
    }
}
