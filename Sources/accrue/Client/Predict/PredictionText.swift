import AnalyticLearning
import CommandSupport
import TensorFormats

/// Predictions as lines of text.
struct PredictionText: Sendable {
    enum Format: String, CaseIterable, Sendable {
        case csv, ndjson, labels

        static let choices = allCases.map(\.rawValue).joined(separator: "|")
    }

    let format: Format
    /// The number of best classes per row; 1 for only the best.
    let top: Int
    /// Whether the input has labels.
    let hasLabels: Bool
    let hasProbabilities: Bool
    var hasNovelty = false
    /// Whether rows may have no label.
    var mayReject = false
    var hasSets = false
    /// Whether the output is a terminal: control characters in labels are then escaped.
    var isForPeople = false

    /// The first line of a table; empty for other formats.
    var header: String {
        guard format == .csv else { return "" }
        var names = ["row"] + (hasLabels ? ["expected"] : []) + ["label", "score"] + (hasProbabilities ? ["probability"] : [])
        for rank in 1..<max(top, 1) {
            names += ["label_\(rank + 1)", "score_\(rank + 1)"] + (hasProbabilities ? ["probability_\(rank + 1)"] : [])
        }
        names += (hasNovelty ? ["novelty"] : []) + (hasSets ? ["set"] : [])
        return names.joined(separator: ",") + "\n"
    }

    /// One line per row of a batch; rows are counted from 0 in the whole input.
    ///
    /// - Throws: `InputError` for a label with line breaks if each row must be one line.
    func lines(_ batch: RowBatch, _ reply: PredictReply) throws(InputError) -> [UInt8] {
        if format == .ndjson { return objects(batch, reply) }
        var text = ""
        for (index, row) in reply.rows.enumerated() {
            guard format == .csv else {
                let label = shown(row.best.label?.text ?? "")
                guard !label.utf8.contains(where: { $0 == 10 || $0 == 13 }) else {
                    throw InputError(
                        "row \(batch.firstRow + index + 1): the label \(JSONValue.string(label)) has a line break: "
                            + "use --output csv or ndjson")
                }
                text += label + "\n"
                continue
            }
            text += String(batch.firstRow + index)
            if hasLabels { text += "," + Self.quote(shown(batch.labels[index])) }
            text += cells(row.best)
            for rank in 1..<max(top, 1) {
                text += rank < row.top.count ? cells(row.top[rank]) : hasProbabilities ? ",,," : ",,"
            }
            if hasNovelty { text += "," + (row.novelty.map { JSONValue.number($0).description } ?? "") }
            if hasSets { text += "," + Self.quote(shown(JSONValue.array(row.set.map { .string($0.text) }).description)) }
            text += "\n"
        }
        return Array(text.utf8)
    }

    private func shown(_ label: String) -> String { isForPeople ? VisibleText.of(label) : label }

    private func cells(_ scored: PredictReply.Scored) -> String {
        var text = "," + Self.quote(shown(scored.label?.text ?? "")) + "," + JSONValue.number(scored.score).description
        if hasProbabilities { text += "," + (scored.probability.map { JSONValue.number($0).description } ?? "") }
        return text
    }

    private func objects(_ batch: RowBatch, _ reply: PredictReply) -> [UInt8] {
        var lines: [UInt8] = []
        var writer = JSONWriter()
        for (index, row) in reply.rows.enumerated() {
            writer.removeAll()
            writer.beginObject()
            writer.member("row", batch.firstRow + index)
            if hasLabels {
                writer.key("expected")
                writer.write(batch.labels, at: index)
            }
            write(row.best, to: &writer)
            if top > 1 {
                writer.key("top")
                writer.beginArray()
                for scored in row.top {
                    writer.beginObject()
                    write(scored, to: &writer)
                    writer.endObject()
                }
                writer.endArray()
            }
            if mayReject { writer.member("rejected", row.best.label == nil) }
            if hasNovelty { writer.member("novelty", row.novelty) }
            if hasSets {
                writer.key("set")
                writer.beginArray()
                for label in row.set { writer.write(label.text) }
                writer.endArray()
            }
            writer.endObject()
            lines += writer.array
            lines.append(10)
        }
        return lines
    }

    private func write(_ scored: PredictReply.Scored, to writer: inout JSONWriter) {
        writer.member("label", scored.label?.text)
        writer.member("score", scored.score)
        if hasProbabilities {
            writer.member("probability", scored.probability)
        }
    }

    /// A field of a table (RFC 4180), in quotation marks if necessary.
    static func quote(_ field: String) -> String {
        let isPlain = !field.utf8.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 10 || $0 == 13 }
        if isPlain, field.first != " ", field.last != " " { return field }
        return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
