import AnalyticLearning
import CommandSupport
import TensorFormats

/// The result of a `learn` run, for people and for programs.
struct LearnSummary {
    var model: String
    var key: RunKey
    /// Rows that an earlier run had finished, and which were not sent.
    var skippedRows: Int
    var tally: LearnTally
    var seconds: Double
    /// The model's final state, if the server could be asked: others may have learned, and answers may be older.
    var end: LearnReply?

    /// The most labels that the text lists.
    private static let listedClasses = 10

    private var rate: Double { seconds > 0 ? Double(tally.rows) / seconds : 0 }

    var text: String {
        let rows = ProgressText.grouped
        var lines = ["learned \(rows(tally.rows)) rows in \(ProgressText.duration(seconds)) (\(rows(Int(rate))) rows/s)"]
        if tally.knownRows > 0 { lines.append("\(rows(tally.knownRows)) of them were already learned and not learned again") }
        if skippedRows > 0 { lines.append("\(rows(skippedRows)) rows before them were already learned and not sent") }
        func rounded(_ accuracy: Double) -> JSONValue { .number((accuracy * 1e4).rounded() / 1e4) }
        if let accuracy = tally.servedAccuracyBefore ?? tally.accuracyBefore {
            var line = "accuracy before they were learned: \(rounded(accuracy))"
            if let plain = tally.accuracyBefore, plain != accuracy { line += " (of the plain weights: \(rounded(plain)))" }
            lines.append(line)
        }
        if !tally.newClasses.isEmpty {
            let rest = tally.newClasses.count - Self.listedClasses
            let listed = tally.newClasses.prefix(Self.listedClasses).map { VisibleText.of($0.text) }.joined(separator: ", ")
            lines.append("new classes: \(tally.newClasses.count) (\(listed)\(rest > 0 ? ", and \(rest) more" : ""))")
        }
        if let last = end ?? tally.last {
            lines.append("\(model): version \(last.version), \(rows(last.samples)) samples, \(rows(last.classes)) classes")
        }
        return lines.joined(separator: "\n")
    }

    var json: String {
        var object: JSONObject = [
            "model": .string(model), "key": .string(key.description), "rows": .integer(tally.rows), "known_rows": .integer(tally.knownRows),
            "skipped_rows": .integer(skippedRows), "seconds": .number(seconds), "rows_per_second": .number(rate),
            "accuracy_before": tally.accuracyBefore.map(JSONValue.number) ?? .null,
            "served_accuracy_before": tally.servedAccuracyBefore.map(JSONValue.number) ?? .null,
            "new_classes": .array(tally.newClasses.map { JSONValue.string($0.text) }),
        ]
        if let last = end ?? tally.last {
            object["version"] = .integer(last.version)
            object["samples"] = .integer(last.samples)
            object["classes"] = .integer(last.classes)
        }
        return JSONValue.object(object).description
    }
}
