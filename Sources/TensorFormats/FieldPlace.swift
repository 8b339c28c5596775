/// The refused value of a request: `features[3][17]` is row 3 and column 17 of field `features`.
public struct FieldPlace: Equatable, Sendable, CustomStringConvertible {
    /// The name that the caller gave.
    public var field: String
    /// The row, from 0, if there are rows.
    public var row: Int?
    /// The column, from 0, for a single value.
    public var column: Int?

    /// Names a value.
    public init(field: String, row: Int? = nil, column: Int? = nil) {
        self.field = field
        self.row = row
        self.column = column
    }

    /// The place as messages write it.
    public var description: String {
        field + (row.map { "[\($0)]" } ?? "") + (column.map { "[\($0)]" } ?? "")
    }
}
