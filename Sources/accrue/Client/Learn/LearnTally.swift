import AnalyticLearning
import CommandSupport
import TensorFormats

/// The sum of the answers to a run's batches.
struct LearnTally: Sendable {
    /// Rows that the server has acknowledged, and those of them that it had learned before this run.
    private(set) var rows = 0
    private(set) var knownRows = 0
    private(set) var newClasses: [Label] = []
    /// The answer with the latest state: with several requests under way, or repeated answers, not always the last one.
    private(set) var last: LearnReply?
    private var scored = 0
    private var right = 0.0
    /// Nil once it is unknown for some rows.
    private var servedRight: Double? = 0

    /// The share of rows that the plain weights predicted correctly before they were learned, among those that met a model with classes.
    var accuracyBefore: Double? { scored > 0 ? right / Double(scored) : nil }

    /// The share of the same rows that `predict` would have answered correctly; nil if it is unknown for some of them.
    var servedAccuracyBefore: Double? { scored > 0 ? servedRight.map { $0 / Double(scored) } : nil }

    /// A warning if nearly every row has created a class whose label is a number; otherwise nil.
    var labelWarning: String? {
        guard newClasses.count * 10 >= rows * 8 else { return nil }
        let numbers = newClasses.lazy.filter { Double($0.text) != nil }
        guard numbers.count * 10 >= newClasses.count * 9 else { return nil }
        let examples = newClasses.prefix(3).map(\.text).joined(separator: ", ")
        return "\(ProgressText.grouped(rows)) rows created \(ProgressText.grouped(newClasses.count)) classes whose labels are numbers "
            + "(\(examples), …): the label column looks like a measurement; choose another with --label-column"
    }

    /// - Parameter isKnown: whether the answer repeats an earlier one.
    mutating func add(_ reply: LearnReply, rows count: Int, isKnown: Bool) {
        rows += count
        if isKnown { knownRows += count }
        newClasses += reply.newClasses
        // Requests that were learned together have the same version.
        if (reply.version, reply.samples) >= (last?.version ?? 0, last?.samples ?? 0) { last = reply }
        if let accuracy = reply.accuracyBefore {
            scored += count
            right += accuracy * Double(count)
            servedRight = servedRight.flatMap { sum in reply.servedAccuracyBefore.map { sum + $0 * Double(count) } }
        }
    }
}

/// The answer to a learn request.
struct LearnReply: Sendable {
    var version: Int
    var samples: Int
    var classes: Int
    var newClasses: [Label]
    var accuracyBefore: Double?
    var servedAccuracyBefore: Double?

    /// - Throws: `ServerUnavailable` if the answer is of another kind.
    init(_ response: HTTPClient.Response) throws {
        let object = try ServiceClient.object(response)
        guard let version = object["version"]?.int, let samples = object["samples"]?.int, let classes = object["classes"]?.int else {
            throw ServerUnavailable(
                description: "the server did not say what it learned: \(response.text.prefix(120))")
        }
        (self.version, self.samples, self.classes) = (version, samples, classes)
        newClasses = object["new_classes"]?.array?.compactMap(\.label) ?? []
        accuracyBefore = object["accuracy_before"]?.double
        servedAccuracyBefore = object["served_accuracy_before"]?.double
    }
}
