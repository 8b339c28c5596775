import CommandSupport

/// The layout of a table according to its first lines: whether it has a header, and what its columns are.
struct CSVLayout: Equatable {
    var isHeader = false
    /// The column of the labels, from 0; nil if the table has none.
    var labelIndex: Int?
    /// Columns to leave out.
    var dropped: Set<Int> = []
    var columns: Int

    /// The default name of the label column in a header, in upper or lower case.
    static let labelName = "label"

    /// The feature columns.
    var features: [Int] { (0..<columns).filter { $0 != labelIndex && !dropped.contains($0) } }

    /// - Parameters:
    ///   - first: the first line.
    ///   - second: reads the next line; called only if it is needed.
    ///   - hasOtherLabels: whether labels come from elsewhere, so that all columns are features.
    ///   - name: the table's name in messages.
    /// - Throws: `InputError` if there is no such column, or the line is neither header nor row.
    init(
        _ first: CSVRecord, second: () throws -> CSVRecord?, _ settings: CSVRows.Settings, hasOtherLabels: Bool, name: String
    ) throws {
        let fields = first.strings
        columns = fields.count
        var namesColumns = false
        for wish in settings.dropped {
            let (index, isName) = try Self.column(wish, fields, settings, name, for: "--drop")
            dropped.insert(index)
            namesColumns = namesColumns || isName
        }
        if !hasOtherLabels {
            if let wish = settings.labelColumn {
                let (index, isName) = try Self.column(wish, fields, settings, name, for: "the label")
                labelIndex = index
                namesColumns = namesColumns || isName
            } else if settings.hasHeader != false, let index = Self.index(of: Self.labelName, in: fields) {
                labelIndex = index
                namesColumns = true
            } else {
                // A model determines the number of features; without one, the last column is the label if there must be one.
                let isThere = settings.dimension.map { columns - dropped.count == $0 + 1 } ?? false
                if isThere || settings.needsLabels { labelIndex = (0..<columns).last { !dropped.contains($0) } }
            }
        }
        if let labelIndex, dropped.contains(labelIndex) {
            throw InputError("\(name): column \(labelIndex + 1) is the label and cannot be dropped")
        }
        isHeader = try settings.hasHeader ?? (namesColumns || looksLikeHeader(first, second, name))
    }

    /// The column with a name or a number, and whether it was found by name.
    private static func column(
        _ wish: String, _ fields: [String], _ settings: CSVRows.Settings, _ name: String, for purpose: String
    ) throws -> (index: Int, isName: Bool) {
        let number = Int(wish)
        // A number may be a name too, if the first line is known to be a header.
        if settings.hasHeader != false, number == nil || settings.hasHeader == true, let index = Self.index(of: wish, in: fields) {
            return (index, true)
        }
        guard let number else {
            throw InputError("\(name): there is no column \"\(wish)\"; the first line is \(fields.prefix(20).joined(separator: ", "))")
        }
        let index = number < 0 ? fields.count + number : number - 1
        guard number != 0, fields.indices.contains(index) else {
            throw InputError("\(name): there is no column \(number) for \(purpose); there are columns 1 to \(fields.count)")
        }
        return (index, false)
    }

    private static func index(of name: String, in fields: [String]) -> Int? {
        // An exact match counts; otherwise one in lower case.
        fields.firstIndex { $0.utf8.elementsEqual(name.utf8) }
            ?? fields.firstIndex { $0.lowercased().utf8.elementsEqual(name.lowercased().utf8) }
    }

    /// A line without numbers in the feature columns is a header, and so is one of column numbers; a mix of numbers and texts is a mistake.
    private func looksLikeHeader(_ first: CSVRecord, _ second: () throws -> CSVRecord?, _ name: String) throws -> Bool {
        if Self.countsColumns(first), let second = try second() {
            if first.string(0).isEmpty { return true }
            let isLabelled = labelIndex.map { $0 < second.count && second.number($0) == nil } ?? false
            let hasFractions = (0..<second.count).contains { Self.integer(second, $0) == nil }
            if isLabelled || columns > 2 && hasFractions { return true }
            if columns > 2, !Self.countsColumns(second) {
                throw InputError(
                    "\(name): the first line, \(first.strings.prefix(4).joined(separator: ","))\(columns > 4 ? ",…" : ""), may be "
                        + "a header of column numbers or a row; use --header or --no-header")
            }
        }
        let features = features
        guard let text = features.first(where: { first.number($0) == nil }) else { return false }
        guard let number = features.first(where: { first.number($0) != nil }) else { return true }
        throw InputError(
            "\(name), line 1, column \(text + 1): \"\(first.string(text).prefix(40))\" is not a number, but column \(number + 1) has one; "
                + "use --header if this line is the header")
    }

    /// Whether a line contains the numbers of its columns, from 0 or 1, as written for data frames without names; the column of their index
    /// has no name.
    private static func countsColumns(_ record: CSVRecord) -> Bool {
        let start = record.string(0).isEmpty ? 1 : 0
        guard record.count - start >= 2, let base = integer(record, start), base == 0 || base == 1 else { return false }
        return (start..<record.count).allSatisfy { integer(record, $0) == base + $0 - start }
    }

    /// A field of only digits.
    private static func integer(_ record: CSVRecord, _ index: Int) -> Int? {
        let text = record.string(index)
        return text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }
}
