import AnalyticLearning
import CommandSupport
import TensorFormats

/// The number of correct predictions, over all rows and by class.
struct Evaluation: Sendable {
    private struct Count {
        var rows = 0
        var right = 0
        /// Whether the model has predicted it, and so knows it.
        var isPredicted = false
    }

    /// All classes of rows or predictions; some may have no rows.
    private var classes: [Label: Count] = [:]
    private(set) var rows = 0
    private(set) var right = 0
    /// Rows that got no label; they are not right.
    private(set) var rejected = 0

    /// - Parameter predicted: nil for a rejected row.
    mutating func add(expected: Label, predicted: Label?) {
        let isRight = expected == predicted
        rows += 1
        rejected += predicted == nil ? 1 : 0
        right += isRight ? 1 : 0
        classes[expected, default: Count()].rows += 1
        classes[expected, default: Count()].right += isRight ? 1 : 0
        if let predicted { classes[predicted, default: Count()].isPredicted = true }
    }

    /// Labels of rows that the model has never predicted: it may not know them.
    var neverPredicted: [Label] { classes.filter { $0.value.rows > 0 && !$0.value.isPredicted }.map(\.key).sorted() }

    /// Labels of rows that are not classes of the model; their predictions are always wrong.
    private(set) var unknown: [Label] = []

    /// Sets the model's classes.
    mutating func compare(with known: Set<Label>) { unknown = neverPredicted.filter { !known.contains($0) } }

    /// The number of rows whose label the model does not know.
    private var unknownRows: Int { unknown.reduce(0) { $0 + (classes[$1]?.rows ?? 0) } }

    /// The most labels that the text lists.
    private static let listedLabels = 10

    /// A prefix for the accuracy; empty if all labels are classes.
    private var unknownText: String {
        guard !unknown.isEmpty else { return "" }
        let listed = unknown.prefix(Self.listedLabels).map { VisibleText.of($0.text) }.joined(separator: ", ")
        let rest = unknown.count - Self.listedLabels
        return "labels unknown to the model: \(listed)\(rest > 0 ? ", and \(rest) more" : "") (\(ProgressText.grouped(unknownRows)) rows, "
            + "none of which can be right)\n"
    }

    /// The share of rows predicted correctly; nil without rows.
    var accuracy: Double? { rows > 0 ? Double(right) / Double(rows) : nil }

    /// The mean accuracy of the classes that have rows: each class counts the same.
    var balancedAccuracy: Double? {
        // In a fixed order, so that the last digit is the same in every run.
        let shares = classes.filter { $0.value.rows > 0 }.sorted { $0.key < $1.key }.map { Double($0.value.right) / Double($0.value.rows) }
        return shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count)
    }

    /// The number of classes, and how many of them have rows if not all do.
    private var classText: String {
        let rows = classes.values.count { $0.rows > 0 }
        return "\(classes.count) classes" + (rows < classes.count ? ", \(rows) of them with rows" : "")
    }

    var text: String {
        guard let accuracy, let balancedAccuracy else { return "no rows" }
        func rounded(_ share: Double) -> String { "\(JSONValue.number((share * 1e4).rounded() / 1e4))" }
        return unknownText + """
            accuracy: \(rounded(accuracy)) (\(ProgressText.grouped(right)) of \(ProgressText.grouped(rows)) rows)
            balanced accuracy: \(rounded(balancedAccuracy)) (\(classText))
            """ + (rejected > 0 ? "\nrejected: \(ProgressText.grouped(rejected)) rows, none of which count as right" : "")
    }

    var json: String {
        JSONValue.object([
            "rows": .integer(rows), "right": .integer(right), "classes": .integer(classes.count),
            "accuracy": accuracy.map(JSONValue.number) ?? .null, "balanced_accuracy": balancedAccuracy.map(JSONValue.number) ?? .null,
            "unknown_labels": .array(unknown.map { .string($0.text) }), "unknown_rows": .integer(unknownRows),
            "rejected_rows": .integer(rejected),
        ]).description
    }
}
