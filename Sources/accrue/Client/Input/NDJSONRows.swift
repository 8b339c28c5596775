import AnalyticLearning
import CommandSupport
import Foundation
import TensorFormats

/// Rows of NDJSON, one per line: `{"features": […], "label": …}`.
final class NDJSONRows: RowSource {
    private let stream: ByteStream
    private let separateLabels: LabelSource?
    private var lines = LineSplitter(maximumLineBytes: RowLimits.lineBytes)
    /// The first line, which has been examined.
    private var first: LineSplitter.Line?
    private var isFinished = false

    private(set) var dimension = 0
    private(set) var hasLabels = false
    let rowCount: Int? = nil
    let isSinglePrecision = false
    var fractionRead: Double? { stream.fractionRead }

    /// - Throws: `InputError` if there is no line, or the first is not a row.
    init(_ stream: ByteStream, labels: LabelSource? = nil) throws {
        self.stream = stream
        separateLabels = labels
        guard let line = try nextLine() else { throw InputError("\(stream.name) has no rows") }
        let place = "\(stream.name), line \(line.number)"
        let found: (dimension: Int?, hasLabel: Bool)
        do throws(JSONError) {
            found = try lines.withUnsafeBytes(of: line) { (text) throws(JSONError) in try Self.look(at: text) }
        } catch {
            guard try isDocument(error) else { throw InputError("\(place): \(error.reason)") }
            throw InputError("\(stream.name) is \(ForeignText.json); \(InputFormat.summary)")
        }
        guard let count = found.dimension else {
            throw InputError("\(place): \"features\" is missing, expected {\"features\": [numbers], \"label\": \"text\"}")
        }
        dimension = count
        hasLabels = labels != nil || found.hasLabel
        first = line
    }

    /// Whether the first line is not a row but the start of a single value for the whole input: it continues on further lines, or holds a
    /// matrix.
    private func isDocument(_ error: JSONError) throws -> Bool {
        switch error.kind {
        case .wrongKind(.array, _): return true
        case .unexpectedEnd:
            guard let next = try nextLine() else { return false }
            return lines.withUnsafeBytes(of: next) { $0.first != UInt8(ascii: "{") }
        default: return false
        }
    }

    /// The number of features in a line, and whether it has a label.
    private static func look(at text: UnsafeRawBufferPointer) throws(JSONError) -> (dimension: Int?, hasLabel: Bool) {
        var scanner = JSONScanner(text)
        var (dimension, hasLabel): (Int?, Bool) = (nil, false)
        try scanner.beginObject(field: "the line")
        while let key = try scanner.nextKey() {
            guard key == "features" else {
                if key == "label" { hasLabel = true }
                try scanner.skipValue()
                continue
            }
            var count = 0
            try scanner.beginArray(field: "features")
            while try scanner.nextElement() {
                let kind = try scanner.peekKind()
                if kind == .array { throw JSONError(.wrongKind(kind, expected: "a number"), at: scanner.position) }
                try scanner.skipValue()
                count += 1
            }
            dimension = count
        }
        return (dimension, hasLabel)
    }

    func read(_ limit: Int, into batch: inout RowBatch) throws -> Int {
        var rows = 0
        while rows < limit {
            let next = try first ?? nextLine()
            first = nil
            guard let line = next else { break }
            let (values, strings) = (batch.features.count, batch.labels.count)
            do {
                try read(line, &batch)
            } catch {
                batch.features.removeLast(batch.features.count - values)
                batch.labels.truncate(to: strings)
                throw error
            }
            rows += 1
        }
        if rows < limit { try separateLabels?.finish() }
        return rows
    }

    private func read(_ line: LineSplitter.Line, _ batch: inout RowBatch) throws {
        let place = "\(stream.name), line \(line.number)"
        let (values, strings) = (batch.features.count, batch.labels.count)
        var unknown: String?
        do throws(JSONError) {
            try lines.withUnsafeBytes(of: line) { (text) throws(JSONError) in
                var scanner = JSONScanner(text)
                try scanner.beginObject(field: "the line")
                while let key = try scanner.nextKey() {
                    switch key {
                    case "features" where batch.features.count == values:
                        try scanner.readRow(
                            field: "features", columns: dimension, into: &batch.features, maximumMagnitude: FeatureLimits.largestMagnitude)
                    case "label" where batch.labels.count == strings && separateLabels == nil:
                        try scanner.readStringOrInteger(into: &batch.labels, maximumBytes: RowLimits.labelBytes, field: "label")
                    case "features", "label": throw JSONError(.duplicateKey(key.description), at: key.offset)
                    default:
                        unknown = unknown ?? key.description
                        try scanner.skipValue()
                    }
                }
                try scanner.finish()
            }
        } catch { throw InputError("\(place): \(error.reason)") }
        if let unknown { throw InputError("\(place): \"\(unknown)\" is not a known key; known keys are features and label") }
        guard batch.features.count > values || dimension == 0 else { throw InputError("\(place): \"features\" is missing") }
        if let separateLabels { return try separateLabels.append(1, into: &batch.labels) }
        guard hasLabels == (batch.labels.count > strings) else {
            throw InputError("\(place): " + (hasLabels ? "\"label\" is missing" : "has a \"label\", but the lines before have none"))
        }
        guard !hasLabels || !batch.labels.byteRange(at: strings).isEmpty else { throw InputError("\(place): \"label\" is empty") }
    }

    private func nextLine() throws -> LineSplitter.Line? {
        do {
            while true {
                if let line = try lines.nextLine() { return line }
                guard !isFinished else { return nil }
                let count = try withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 1) { buffer in
                    let count = try stream.read(into: buffer)
                    lines.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    return count
                }
                if count == 0 {
                    isFinished = true
                    lines.finish()
                }
            }
        } catch let error as LineSplitter.LineTooLong { throw InputError("\(stream.name): \(error)") }
    }
}
