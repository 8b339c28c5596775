import CommandSupport
import Foundation
import TensorFormats

/// A command's options about its rows, and the source that they select.
struct RowInput: Sendable {
    var path = "-"
    var format: InputFormat?
    var labelsPath: String?
    var csv = CSVRows.Settings()

    static let options = [
        Option("--format", InputFormat.choices, "format of the rows (from the file name, else the first bytes)"),
        Option("--labels", "FILE", "labels in a separate file: npy, or text with one per line"),
        Option("--label-column", "NAME|N", "csv: the label column, by name or number from 1; -1 is the last (\"label\", else the last)"),
        Option("--drop", "LIST", "csv: columns that are not features, by name or number, separated by commas"),
        Option("--separator", "C", "csv: separator of values: , ; | : or tab (,)"),
        Option("--header", nil, "csv: the first line is a header (if it has no numbers, or the column numbers)"),
        Option("--no-header", nil, "csv: the first line is a row"),
    ]

    /// - Parameter path: a file; nil or `-` for standard input.
    init(_ arguments: ParsedArguments, path: String?) throws {
        self.path = path ?? "-"
        if let name = arguments.text("--format") {
            guard let format = InputFormat(rawValue: name) else {
                throw UsageError("--format must be one of \(InputFormat.choices), not \(name)")
            }
            self.format = format
        }
        labelsPath = arguments.text("--labels")
        csv.labelColumn = arguments.text("--label-column")
        if let list = arguments.text("--drop") {
            csv.dropped = list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        }
        if let text = arguments.text("--separator") { csv.separator = try CSVSeparator.named(text) }
        guard labelsPath == nil || csv.labelColumn == nil else { throw UsageError("--labels and --label-column cannot be used together") }
        guard !arguments.has("--header") || !arguments.has("--no-header") else {
            throw UsageError("--header and --no-header cannot be used together")
        }
        if arguments.has("--header") { csv.hasHeader = true }
        if arguments.has("--no-header") { csv.hasHeader = false }
        if self.path == "-", labelsPath == "-" { throw UsageError("rows and labels cannot both come from standard input") }
    }

    /// Opens the rows.
    ///
    /// - Parameters:
    ///   - needsLabels: whether rows without labels are useless.
    ///   - dimension: the model's, if known.
    /// - Throws: `InputError`.
    func open(needsLabels: Bool, dimension: Int?) throws -> any RowSource {
        let stream = try ByteStream(path, unpacks: true)
        if path == "-", isatty(STDIN_FILENO) == 1 {
            FileHandle.standardError.write(Data("accrue: reading rows from the terminal; end them with Ctrl-D\n".utf8))
        }
        let start = try stream.peek(FileSignature.byteCount)
        guard !start.isEmpty else { throw InputError("\(stream.name) is empty, expected rows") }
        let format = try InputFormat(given: format, start: start, path: path, name: stream.name)
        let labels = try labelsPath.map { try LabelSource(file: $0) }
        let source: any RowSource
        if format.isBinary {
            source = try arrays(format, try stream.map() ?? MappedInput(spooling: stream), labels)
        } else if format == .ndjson {
            source = try NDJSONRows(stream, labels: labels)
        } else {
            var settings = csv
            settings.separator = format == .tsv ? CSVSeparator.tab : settings.separator
            settings.needsLabels = needsLabels
            settings.dimension = dimension
            source = try CSVRows(stream, settings, labels: labels)
        }
        guard source.hasLabels || !needsLabels else {
            let hint = format == .npy ? "; give them with --labels FILE" : format == .ndjson ? " (\"label\")" : " (\"labels\")"
            throw InputError("\(stream.name) has no labels\(hint)")
        }
        if let dimension, source.dimension != dimension {
            throw InputError(
                "\(stream.name) has rows of \(source.dimension) features, but the model takes \(dimension)\(source.dimensionHint)")
        }
        guard source.dimension > 0 else { throw InputError("\(stream.name) has rows without features") }
        guard source.rowCount != 0 else { throw InputError("\(stream.name) has no rows") }
        return source
    }

    private func arrays(_ format: InputFormat, _ input: MappedInput, _ labels: LabelSource?) throws -> ArrayRows {
        // The reader holds only pointers.
        defer { withExtendedLifetime(input) {} }
        switch format {
        case .npz:
            let archive: NpzArchive
            do { archive = try NpzArchive(input.bytes) } catch { throw InputError("\(input.name): \(error)") }
            var own = labels
            if own == nil, archive.names.contains("labels") {
                own = try LabelSource(try ArraySlices(npz: archive, name: "labels", in: input))
            }
            return try ArrayRows(features: try ArraySlices(npz: archive, name: "features", in: input), labels: own)
        case .safetensors:
            do {
                let file = try SafetensorsReader(input.bytes)
                return try ArrayRows(
                    features: ArraySlices(try file.array(named: "features"), in: input), labels: try labels ?? Self.labels(of: file, input))
            } catch let error as SafetensorsError { throw InputError("\(input.name): \(error)") }
        default: return try ArrayRows(features: try ArraySlices(npy: input, name: "features"), labels: labels)
        }
    }

    /// The labels of a safetensors file: a tensor of integers, or a JSON array in the metadata.
    private static func labels(of file: SafetensorsReader, _ input: MappedInput) throws -> LabelSource? {
        if file.tensor(named: "labels") != nil { return try LabelSource(ArraySlices(try file.array(named: "labels"), in: input)) }
        guard let text = file.metadata["labels"] else { return nil }
        var labels = PackedStrings()
        do {
            try Array(text.utf8).withUnsafeBytes { octets in
                var scanner = JSONScanner(octets)
                _ = try scanner.readLabels(field: "labels", into: &labels, maximumCount: .max, maximumBytes: RowLimits.labelBytes)
                try scanner.finish()
            }
        } catch { throw InputError("\(input.name): metadata: \(error)") }
        return LabelSource(labels, place: "\(input.name): metadata labels")
    }
}
