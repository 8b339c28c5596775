import AnalyticLearning
import CommandSupport
import Foundation
import TensorFormats

/// Rows of a table of comma- or tab-separated values: numbers in all columns except the label's.
final class CSVRows: RowSource {
    struct Settings: Sendable {
        var separator = CSVSeparator.comma
        /// A header name, or a number from 1; negative numbers count from the last column, -1.
        var labelColumn: String?
        /// Columns that are not features, named in the same way.
        var dropped: [String] = []
        /// Whether the first line is a header; nil to guess.
        var hasHeader: Bool?
        /// Whether there must be a label; if not, the model's dimension decides whether there is one.
        var needsLabels = true
        /// The length of a row, if known.
        var dimension: Int?
    }

    private var records: CSVRecords
    private let stream: ByteStream
    private let separateLabels: LabelSource?
    /// From the header, or empty.
    private var names: [String] = []
    private var layout: CSVLayout
    private let features: [Int]
    /// Records read ahead.
    private var ahead: [CSVRecord] = []
    private var rowNumbers: RowNumberColumn
    private var warnings: [String] = []

    var dimension: Int { features.count }
    var hasLabels: Bool { layout.labelIndex != nil || separateLabels != nil }
    let rowCount: Int? = nil
    let isSinglePrecision = false
    var fractionRead: Double? { stream.fractionRead }

    /// - Parameter labels: the labels, if they are not in the table.
    /// - Throws: `InputError` if there is no row, or no column for the label.
    init(_ stream: ByteStream, _ settings: Settings, labels: LabelSource? = nil) throws {
        self.stream = stream
        separateLabels = labels
        var records = CSVRecords(stream, separator: settings.separator)
        guard try records.next() else { throw InputError("\(stream.name) has no rows") }
        let first = records.record
        var second: CSVRecord?
        func next() throws -> CSVRecord? {
            if second == nil, try records.next() { second = records.record }
            return second
        }
        try CSVSeparator.check(first, second: next, settings.separator, name: stream.name)
        layout = try CSVLayout(first, second: next, settings, hasOtherLabels: labels != nil, name: stream.name)
        if layout.isHeader {
            names = first.strings
            // Before a model is created for a table without rows.
            guard try next() != nil else { throw InputError("\(stream.name) has a header, but no rows") }
        } else {
            ahead = [first]
        }
        if let second { ahead.append(second) }
        self.records = records
        features = layout.features
        rowNumbers = RowNumberColumn(name: names.first, isFeature: features.first == 0 && features.count > 1)
    }

    func read(_ limit: Int, into batch: inout RowBatch) throws -> Int {
        var rows = 0
        while rows < limit {
            guard let record = try nextRecord() else {
                try separateLabels?.finish()
                if rowNumbers.finish() { warnOfRowNumbers() }
                break
            }
            let (values, strings) = (batch.features.count, batch.labels.count)
            do {
                try readRow(record, &batch)
            } catch {
                batch.features.removeLast(batch.features.count - values)
                batch.labels.truncate(to: strings)
                throw error
            }
            if let first = features.first, first == 0, rowNumbers.add(batch.features[values]) { warnOfRowNumbers() }
            rows += 1
        }
        return rows
    }

    func takeWarnings() -> [String] {
        defer { warnings = [] }
        return warnings
    }

    /// Why there may be one column too many; empty if unknown.
    var dimensionHint: String {
        names.first?.isEmpty == true && !layout.dropped.contains(0) ? "; column 1 has no name: leave it out with --drop 1" : ""
    }

    private func warnOfRowNumbers() {
        let name = names.isEmpty ? "" : names[0].isEmpty ? ", which has no name," : " (\(names[0].prefix(60)))"
        warnings.append(
            "\(stream.name): column 1\(name) looks like row numbers, which would be learned as a feature; leave it out with --drop 1")
    }

    private func nextRecord() throws -> CSVRecord? {
        guard ahead.isEmpty else { return ahead.removeFirst() }
        return try records.next() ? records.record : nil
    }

    private func readRow(_ record: CSVRecord, _ batch: inout RowBatch) throws {
        guard record.count == layout.columns else {
            throw InputError(
                "\(stream.name), line \(record.line): \(record.count) column\(record.count == 1 ? "" : "s"), expected \(layout.columns)")
        }
        for column in features {
            guard let value = record.number(column), value.magnitude <= FeatureLimits.largestMagnitude else {
                let expected = record.hasDecimalComma(column) ? "a decimal point" : "a finite number of magnitude at most 1e50"
                throw InputError("\(place(record, column)): \"\(record.string(column).prefix(40))\", expected \(expected)")
            }
            batch.features.append(value)
        }
        if let labelIndex = layout.labelIndex {
            try record.withField(labelIndex) { text in
                guard !text.isEmpty else { throw InputError("\(place(record, labelIndex)): the label is empty") }
                guard text.count <= RowLimits.labelBytes else {
                    throw InputError("\(place(record, labelIndex)): the label is longer than \(RowLimits.labelBytes) bytes")
                }
                guard String(validating: text, as: UTF8.self) != nil else {
                    throw InputError("\(place(record, labelIndex)): the label is not UTF-8")
                }
                batch.labels.append(utf8: text)
            }
        } else if let separateLabels {
            try separateLabels.append(1, into: &batch.labels)
        }
    }

    /// The place of a record's value in messages.
    private func place(_ record: CSVRecord, _ column: Int) -> String {
        let name = column < names.count ? " (\(names[column].prefix(60)))" : ""
        return "\(stream.name), line \(record.line), column \(column + 1)\(name)"
    }
}
