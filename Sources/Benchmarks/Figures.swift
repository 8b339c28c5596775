import CommandSupport
import TensorFormats

/// A benchmark's figures: a table for people, printed row by row, or JSON for machines, printed at the end.
struct Figures {
    /// A column's title and its JSON key.
    struct Column {
        let title: String
        let key: String
        let width: Int
    }

    enum Value {
        case text(String)
        case integer(Int)
        /// A measured number, and its decimal places in the table.
        case number(Double, digits: Int)
        /// Not measured.
        case none
    }

    private let columns: [Column]
    private let table: Table?
    private var rows: [[Value]] = []

    /// Prints the table's head, unless JSON is requested.
    ///
    /// - Parameter heading: explains the table.
    init(_ columns: [Column], heading: String, asJSON: Bool) {
        self.columns = columns
        table = asJSON ? nil : Table(columns.map { ($0.title, $0.width) })
        if let table {
            print(heading + "\n")
            table.printHeader()
        }
    }

    /// Adds a row with one value per column.
    mutating func add(_ values: [Value]) {
        precondition(values.count == columns.count, "one value a column")
        rows.append(values)
        table?.printRow(values.map(Self.text))
    }

    /// Prints the JSON, if requested.
    func finish() {
        guard table == nil else { return }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("results")
        writer.beginArray()
        for row in rows {
            writer.beginObject()
            for (column, value) in zip(columns, row) {
                writer.key(column.key)
                switch value {
                case .text(let text): writer.write(text)
                case .integer(let integer): writer.write(integer)
                case .number(let number, _) where number.isFinite: writer.write(number)
                case .number, .none: writer.writeNull()
                }
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        print(writer.string)
    }

    private static func text(_ value: Value) -> String {
        switch value {
        case .text(let text): text
        case .integer(let integer): "\(integer)"
        case .number(let number, let digits): decimal(number, digits)
        case .none: "-"
        }
    }

    /// A number with this many decimal places.
    static func decimal(_ number: Double, _ digits: Int) -> String {
        guard number.isFinite, abs(number) < 1e15 else { return "\(number)" }
        var scale = 1
        for _ in 0..<digits { scale *= 10 }
        let scaled = (abs(number) * Double(scale)).rounded()
        guard scaled < 9e18 else { return "\(number)" }
        let units = Int(scaled)
        let fraction = digits == 0 ? "" : "." + String(repeating: "0", count: digits - "\(units % scale)".count) + "\(units % scale)"
        return (number < 0 && units > 0 ? "-" : "") + "\(units / scale)" + fraction
    }
}
