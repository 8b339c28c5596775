import Foundation

/// A table in aligned columns, printed row by row.
package struct Table {
    private let titles: [String]
    private let widths: [Int]

    /// - Parameter columns: titles, and the width of the widest value in each column. The first column is aligned left, the others right.
    package init(_ columns: [(title: String, width: Int)]) {
        titles = columns.map(\.title)
        widths = columns.map { max($0.title.count, $0.width) }
    }

    package func printHeader() {
        printRow(titles)
        print(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "))
    }

    package func printRow(_ cells: [String]) {
        let padded = zip(cells, widths).enumerated().map { index, pair in
            let space = String(repeating: " ", count: max(0, pair.1 - pair.0.count))
            return index == 0 ? pair.0 + space : space + pair.0
        }
        print(padded.joined(separator: "  "))
        // A row appears as soon as it is known, even in a pipe.
        fflush(nil)
    }
}
