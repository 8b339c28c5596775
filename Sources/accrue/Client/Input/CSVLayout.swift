/// What the first line of a table says: whether it is a header, and where the labels are.
struct CSVLayout: Equatable {
    var isHeader: Bool
    /// The column of the labels, from 0; nil where the table has none.
    var labelIndex: Int?

    /// The name that a column of labels has in a header, where no other is given.
    static let labelName = "label"

    /// - Parameters:
    ///   - fields: the first line.
    ///   - isNumber: which of them are numbers.
    ///   - hasOtherLabels: whether labels come from elsewhere, so that all columns are features.
    ///   - name: the table's, in messages.
    /// - Throws: `InputError` where there is no such column, or the line is neither header nor row.
    init(_ fields: [String], isNumber: [Bool], _ settings: CSVRows.Settings, hasOtherLabels: Bool, name: String) throws {
        isHeader = false
        let wish = hasOtherLabels ? nil : settings.labelColumn
        let named = hasOtherLabels ? nil : fields.firstIndex(of: wish ?? Self.labelName)
        if let named, settings.hasHeader != false, wish.map({ Int($0) == nil || settings.hasHeader == true }) ?? true {
            (isHeader, labelIndex) = (true, named)
            return
        }
        if let wish {
            guard let number = Int(wish) else {
                throw InputError("\(name): there is no column \"\(wish)\"; the first line is \(fields.prefix(20).joined(separator: ", "))")
            }
            let index = number < 0 ? fields.count + number : number - 1
            guard number != 0, fields.indices.contains(index) else {
                throw InputError("\(name): there is no column \(number) for the label; there are \(fields.count), from 1")
            }
            labelIndex = index
        } else if !hasOtherLabels {
            // A model says how many columns are features; where none does, the last one is the label if it must be there.
            let isLast = settings.dimension.map { fields.count == $0 + 1 } ?? settings.needsLabels
            labelIndex = isLast || settings.needsLabels ? fields.count - 1 : nil
        }
        isHeader = try settings.hasHeader ?? looksLikeHeader(fields, isNumber, name)
    }

    /// A line without any number in the columns of features is a header; one with both is a mistake.
    private func looksLikeHeader(_ fields: [String], _ isNumber: [Bool], _ name: String) throws -> Bool {
        let features = fields.indices.filter { $0 != labelIndex }
        guard let text = features.first(where: { !isNumber[$0] }) else { return false }
        guard let number = features.first(where: { isNumber[$0] }) else { return true }
        throw InputError(
            "\(name), line 1, column \(text + 1): \"\(fields[text].prefix(40))\" is no number, but column \(number + 1) has one; "
                + "say --header where this is the header")
    }
}
