import TensorFormats

/// What the answers to the batches of a run come to.
struct LearnTally: Sendable {
    /// Rows that the server has acknowledged, and those of them that it had learned before this run.
    private(set) var rows = 0
    private(set) var knownRows = 0
    private(set) var newClasses: [String] = []
    private(set) var last: LearnReply?
    private var scored = 0
    private var right = 0.0

    /// The share of rows that were right before they were learned, of those that met a model which knew something.
    var accuracyBefore: Double? { scored > 0 ? right / Double(scored) : nil }

    /// - Parameter isKnown: whether the answer is an earlier one, given again.
    mutating func add(_ reply: LearnReply, rows count: Int, isKnown: Bool) {
        rows += count
        if isKnown { knownRows += count }
        newClasses += reply.newClasses
        last = reply
        if let accuracy = reply.accuracyBefore {
            scored += count
            right += accuracy * Double(count)
        }
    }
}

/// The answer to a learn request.
struct LearnReply: Sendable {
    var version: Int
    var samples: Int
    var classes: Int
    var newClasses: [String]
    var accuracyBefore: Double?

    /// - Throws: `ServerUnavailable` where something else answers.
    init(_ response: HTTPClient.Response) throws {
        let object = try ServiceClient.object(response)
        guard let version = object["version"]?.int, let samples = object["samples"]?.int, let classes = object["classes"]?.int else {
            throw ServerUnavailable(
                description: "the server answers with something else than what it learned: \(response.text.prefix(120))")
        }
        (self.version, self.samples, self.classes) = (version, samples, classes)
        newClasses = object["new_classes"]?.array?.compactMap(\.string) ?? []
        accuracyBefore = object["accuracy_before"]?.double
    }
}
