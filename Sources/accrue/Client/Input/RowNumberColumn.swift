/// Detects a first column that only counts the rows.
///
/// Such a column, the index of a data frame, would be a feature that grows without bound.
struct RowNumberColumn {
    /// Whether a header names the other columns, but not this one.
    private let isUnnamed: Bool
    private var isPossible: Bool
    private var rows = 0
    private var next = 0.0

    /// - Parameter name: the column's name in the header; nil without a header.
    init(name: String?, isFeature: Bool) {
        isUnnamed = name != nil
        isPossible = isFeature && name.map { $0.isEmpty || $0.hasPrefix("Unnamed: 0") } ?? true
    }

    /// Adds the value of the next row.
    ///
    /// - Returns: whether the column is now known to count; true only once.
    mutating func add(_ value: Double) -> Bool {
        guard isPossible else { return false }
        // A part of a table may start at any number, but then only a missing name identifies the column.
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
