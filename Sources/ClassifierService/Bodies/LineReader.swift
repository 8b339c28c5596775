internal import AnalyticLearning
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// Reads NDJSON, one `{"features":[…],"label":…}` per line, from octets that may arrive in pieces.
struct LineReader: Sendable {
    private let dimension: Int
    private var lines: LineSplitter

    /// The first octets, if a refusal is to describe them.
    private var start: [UInt8] = []
    private let keepsStart: Bool

    /// A reader at the start of a body.
    ///
    /// - Parameter isStreamed: whether the body arrives in pieces, so that its first octets are kept for error messages.
    init(dimension: Int, isStreamed: Bool = false) {
        self.dimension = dimension
        keepsStart = isStreamed
        lines = LineSplitter(maximumLineBytes: Self.maximumLineBytes(dimension: dimension))
    }

    /// The longest line: 64 characters per number, and room for a label with every octet escaped.
    static func maximumLineBytes(dimension: Int) -> Int {
        let (numbers, overflow) = dimension.multipliedReportingOverflow(by: 64)
        return overflow ? .max - (16 << 10) : numbers + (16 << 10)
    }

    /// Adds octets; all complete lines must have been read before.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if keepsStart, start.count < FileSignature.byteCount {
            start.append(contentsOf: bytes.prefix(FileSignature.byteCount - start.count))
        }
        lines.append(bytes)
    }

    /// Marks the end of the octets.
    mutating func finish() { lines.finish() }

    /// Reads the next line and appends its row and label.
    ///
    /// - Returns: false if more octets are needed, or all have been read.
    /// - Throws: 400 that names the line and the field; then nothing has been appended.
    mutating func readLabelled(into features: inout [Double], _ labels: inout PackedStrings) throws(Problem) -> Bool {
        do throws(Problem) { return try readLabelledLine(&features, &labels) } catch {
            throw start.withUnsafeBytes { BodyFormat.ndjson.explain(error, of: $0, among: BodyFormat.labelled) }
        }
    }

    private mutating func readLabelledLine(_ features: inout [Double], _ labels: inout PackedStrings) throws(Problem) -> Bool {
        guard let line = try nextLine() else { return false }
        let (values, rows) = (features.count, labels.count)
        var hasLabel = false
        var failure: Problem?
        do {
            try read(line, &features, isLabelled: true) { (scanner, key) throws(JSONError) in
                guard key == "label" else { return false }
                if hasLabel { throw JSONError(.duplicateKey("label"), at: key.offset) }
                hasLabel = true
                try scanner.readStringOrInteger(into: &labels, maximumBytes: Label.maximumBytes, field: "label")
                return true
            }
            if !hasLabel { failure = Problem(.badRequest, "line \(line.number): \"label\" is missing") }
            if hasLabel, let fault = labels.labelFault(at: rows) { failure = .label("line \(line.number): label", fault) }
        } catch { failure = error.problem }
        guard let failure else { return true }
        features.removeLast(features.count - values)
        labels.truncate(to: rows)
        throw failure
    }

    /// Reads all lines without labels, and appends their rows.
    ///
    /// - Returns: the number of rows; nil if a value is within the limit but does not fit `Scalar`.
    /// - Throws: 400 that names the line and the field.
    mutating func readAll<Scalar: FeatureScalar>(into features: inout [Scalar]) throws(Problem) -> Int? {
        var rows = 0
        while let line = try nextLine() {
            do {
                try read(line, &features, isLabelled: false) { (_, _) throws(JSONError) in false }
            } catch {
                if error.isBeyondFloat { return nil }
                throw error.problem
            }
            rows += 1
        }
        return rows
    }

    // MARK: Lines

    /// Why a line was refused.
    private enum Refusal: Error {
        case json(JSONError, line: LineSplitter.Line)
        case problem(Problem)

        var isBeyondFloat: Bool {
            if case .json(let error, _) = self, case .outOfFloatRange = error.kind { return true }
            return false
        }

        var problem: Problem {
            switch self {
            case .json(let error, let line):
                Problem(.badRequest, "line \(line.number): \(error.reason) (at byte \(line.offset + error.offset))")
            case .problem(let problem): problem
            }
        }
    }

    private mutating func nextLine() throws(Problem) -> LineSplitter.Line? {
        do { return try lines.nextLine() } catch { throw Problem(.badRequest, error.description) }
    }

    /// Reads one object with `features`; `other` reads the value of another key, or returns false if it does not know it.
    private func read<Scalar: FeatureScalar>(
        _ line: LineSplitter.Line, _ features: inout [Scalar], isLabelled: Bool,
        other: (inout JSONScanner, JSONKey) throws(JSONError) -> Bool
    ) throws(Refusal) {
        var hasFeatures = false
        let unknown: String?
        do throws(JSONError) {
            unknown = try lines.withUnsafeBytes(of: line) { (text) throws(JSONError) in
                try RowReader.readObject(text, "the line") { (scanner, key) throws(JSONError) in
                    guard key == "features" else { return try other(&scanner, key) }
                    if hasFeatures { throw JSONError(.duplicateKey("features"), at: key.offset) }
                    hasFeatures = true
                    try scanner.readRow(
                        field: "features", columns: dimension, into: &features, maximumMagnitude: FeatureLimits.largestMagnitude)
                    return true
                }
            }
        } catch { throw .json(error, line: line) }
        if let unknown {
            throw .problem(
                RowReader.unknownKey(unknown, known: isLabelled ? ["features", "label"] : ["features"], place: "line \(line.number): "))
        }
        guard hasFeatures else {
            throw .problem(
                Problem(.badRequest, "line \(line.number): \"features\" is missing, expected an array of \(dimension) numbers"))
        }
    }
}
