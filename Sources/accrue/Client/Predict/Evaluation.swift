import TensorFormats

/// How many predictions were right, over all rows and by class.
struct Evaluation: Sendable {
    private struct Count {
        var rows = 0
        var right = 0
    }

    private var classes: [String: Count] = [:]
    private(set) var rows = 0
    private(set) var right = 0

    mutating func add(expected: String, predicted: String) {
        let isRight = expected == predicted
        rows += 1
        right += isRight ? 1 : 0
        classes[expected, default: Count()].rows += 1
        classes[expected, default: Count()].right += isRight ? 1 : 0
    }

    /// The share of rows that are right; nil without rows.
    var accuracy: Double? { rows > 0 ? Double(right) / Double(rows) : nil }

    /// The mean over the classes of the share of their rows that are right, so that all count the same.
    var balancedAccuracy: Double? {
        guard !classes.isEmpty else { return nil }
        // In one order, so that the last digit does not change from run to run.
        return classes.sorted { $0.key < $1.key }.reduce(0) { $0 + Double($1.value.right) / Double($1.value.rows) } / Double(classes.count)
    }

    var text: String {
        guard let accuracy, let balancedAccuracy else { return "no rows" }
        func rounded(_ share: Double) -> String { "\(JSONValue.number((share * 1e4).rounded() / 1e4))" }
        return """
            accuracy: \(rounded(accuracy)) (\(ProgressText.grouped(right)) of \(ProgressText.grouped(rows)) rows)
            balanced accuracy: \(rounded(balancedAccuracy)) (\(classes.count) classes)
            """
    }

    var json: String {
        JSONValue.object([
            "rows": .integer(rows), "right": .integer(right), "classes": .integer(classes.count),
            "accuracy": accuracy.map(JSONValue.number) ?? .null, "balanced_accuracy": balancedAccuracy.map(JSONValue.number) ?? .null,
        ]).description
    }
}
