import Foundation
import TensorFormats

/// Rows of a table of comma- or tab-separated values: numbers in all columns but the label's.
final class CSVRows: RowSource {
    struct Settings: Sendable {
        var separator = UInt8(ascii: ",")
        /// A name of the header, or a number from 1; negative ones count from the last column, -1.
        var labelColumn: String?
        /// Whether the first line is a header; what it looks like where nil.
        var hasHeader: Bool?
        /// Whether there must be a label; where there need not, the model's dimension tells whether there is.
        var needsLabels = true
        /// The length of a row, where it is known.
        var dimension: Int?
    }

    private var records: CSVRecords
    private let stream: ByteStream
    private let separateLabels: LabelSource?
    /// From the header, or empty.
    private var names: [String] = []
    private var columns = 0
    private var labelIndex: Int?
    /// The first record, which is a row and has been read.
    private var isFirstPending = false

    var dimension: Int { columns - (labelIndex == nil ? 0 : 1) }
    var hasLabels: Bool { labelIndex != nil || separateLabels != nil }
    let rowCount: Int? = nil
    let isSinglePrecision = false
    var fractionRead: Double? { stream.fractionRead }

    /// - Parameter labels: where the labels are, if not in the table.
    /// - Throws: `InputError` where there is no row, or no column for the label.
    init(_ stream: ByteStream, _ settings: Settings, labels: LabelSource? = nil) throws {
        self.stream = stream
        separateLabels = labels
        records = CSVRecords(stream, separator: settings.separator)
        guard try records.next() else { throw InputError("\(stream.name) has no rows") }
        columns = records.count
        let first = (0..<columns).map { records.string($0) }
        let layout = try CSVLayout(
            first, isNumber: (0..<columns).map { records.number($0) != nil }, settings, hasOtherLabels: labels != nil, name: stream.name)
        labelIndex = layout.labelIndex
        if layout.isHeader { names = first } else { isFirstPending = true }
    }

    func read(_ limit: Int, into batch: inout RowBatch) throws -> Int {
        var rows = 0
        while rows < limit {
            let hasRecord = try isFirstPending || records.next()
            isFirstPending = false
            guard hasRecord else {
                try separateLabels?.finish()
                break
            }
            let (values, strings) = (batch.features.count, batch.labels.count)
            do {
                try readRow(&batch)
            } catch {
                batch.features.removeLast(batch.features.count - values)
                batch.labels.truncate(to: strings)
                throw error
            }
            rows += 1
        }
        return rows
    }

    private func readRow(_ batch: inout RowBatch) throws {
        guard records.count == columns else {
            throw InputError(
                "\(stream.name), line \(records.line): \(records.count) column\(records.count == 1 ? "" : "s"), expected \(columns)")
        }
        for column in 0..<columns where column != labelIndex {
            guard let value = records.number(column), value.magnitude <= RowLimits.magnitude else {
                throw InputError(
                    "\(place(column)): \"\(records.string(column).prefix(40))\", expected a finite number of magnitude at most 1e50")
            }
            batch.features.append(value)
        }
        if let labelIndex {
            try records.withField(labelIndex) { text in
                guard !text.isEmpty else { throw InputError("\(place(labelIndex)): the label is empty") }
                guard text.count <= RowLimits.labelBytes else {
                    throw InputError("\(place(labelIndex)): the label is longer than \(RowLimits.labelBytes) bytes")
                }
                guard String(validating: text, as: UTF8.self) != nil else {
                    throw InputError("\(place(labelIndex)): the label is not UTF-8")
                }
                batch.labels.append(utf8: text)
            }
        } else if let separateLabels {
            try separateLabels.append(1, into: &batch.labels)
        }
    }

    /// A value of the last record, in messages.
    private func place(_ column: Int) -> String {
        let name = column < names.count ? " (\(names[column].prefix(60)))" : ""
        return "\(stream.name), line \(records.line), column \(column + 1)\(name)"
    }
}
