import CommandSupport

/// The separator of a table's values.
enum CSVSeparator {
    static let comma = UInt8(ascii: ",")
    static let tab: UInt8 = 9

    /// The separator that an option names.
    ///
    /// - Throws: `UsageError` for characters that can occur in a number or a text.
    static func named(_ text: String) throws(UsageError) -> UInt8 {
        if text == "\\t" || text == "tab" { return tab }
        guard text.utf8.count == 1, let byte = text.utf8.first, [comma, tab, 0x3B, 0x7C, 0x3A].contains(byte) else {
            throw UsageError("--separator must be one of , ; | : or tab, not \(text)")
        }
        return byte
    }

    /// Refuses a table with a different separator.
    ///
    /// - Parameters:
    ///   - first: its first line, split by `separator`.
    ///   - second: reads the next line.
    /// - Throws: `InputError` that names the actual separator and the remedy.
    static func check(_ first: CSVRecord, second: () throws -> CSVRecord?, _ separator: UInt8, name: String) throws {
        guard separator == comma || separator == tab else { return }
        let line = whole(first, separator)
        for (found, word) in [(UInt8(ascii: ";"), "semicolons"), (tab, "tabs"), (UInt8(ascii: "|"), "bars"), (comma, "commas")] {
            guard found != separator, line.utf8.contains(found) else { continue }
            // A comma within a number splits it in two.
            let cutsNumbers = separator == comma && hasDecimalCommas(line, found)
            guard first.count == 1 || cutsNumbers else { continue }
            let decimals = try cutsNumbers || second().map { hasDecimalCommas(whole($0, separator), found) } ?? false
            throw InputError("\(name), line 1: the values are separated by \(word)" + advice(found, decimals, separator))
        }
    }

    private static func advice(_ found: UInt8, _ hasDecimalCommas: Bool, _ separator: UInt8) -> String {
        let character = found == tab ? "\\t" : String(UnicodeScalar(found))
        if hasDecimalCommas {
            return " and have decimal commas; expected commas between values and points in numbers; convert them with "
                + "tr ',\(character)' '.,'"
        }
        switch (found, separator) {
        case (tab, _): return "; use --format tsv"
        case (comma, _): return "; use --format csv"
        case (_, comma): return "; use --separator '\(character)'"
        default: return ", expected tabs; use --format csv --separator '\(character)'"
        }
    }

    /// The original line, except for quotation marks.
    private static func whole(_ record: CSVRecord, _ separator: UInt8) -> String {
        record.strings.joined(separator: String(UnicodeScalar(separator)))
    }

    private static func hasDecimalCommas(_ line: String, _ separator: UInt8) -> Bool {
        line.split(separator: Character(UnicodeScalar(separator))).contains { value in
            let parts = value.split(separator: ",", omittingEmptySubsequences: false)
            return parts.count == 2 && Double(parts.joined(separator: ".").filter { $0 != " " }) != nil
        }
    }
}
