import AnalyticLearning
import CommandSupport
import TensorFormats

/// The answer to a predict request.
struct PredictReply: Sendable {
    /// A class and its score.
    struct Scored: Sendable, Equatable {
        /// Nil if the row was rejected.
        var label: Label?
        var score: Double
        /// Set if it was requested and is known.
        var probability: Double?

        init?(_ value: JSONValue) {
            guard let object = value.object, let score = object["score"]?.double else { return nil }
            label = object["label"]?.label
            guard label != nil || object["rejected"]?.bool == true else { return nil }
            self.score = score
            probability = object["probability"]?.double
        }
    }

    struct Row: Sendable {
        var best: Scored
        /// The best classes, including the best one; empty if they were not requested.
        var top: [Scored]
        /// Set if it was requested and is known.
        var novelty: Double?
        /// The labels of the set, if one was requested.
        var set: [Label]
    }

    var rows: [Row]
    /// Whether a balance applies that the server cannot give yet.
    var lacksBalance: Bool

    /// - Throws: `ServerUnavailable` if the answer is of another kind, or has another number of rows.
    init(_ response: HTTPClient.Response, rows count: Int) throws {
        let object = try ServiceClient.object(response)
        let predictions = object["predictions"]?.array ?? []
        lacksBalance = object["balance"] == .null
        rows = predictions.compactMap { value in
            guard let best = Scored(value) else { return nil }
            let object = value.object
            return Row(
                best: best, top: object?["top"]?.array?.compactMap(Scored.init) ?? [], novelty: object?["novelty"]?.double,
                set: object?["set"]?.array?.compactMap(\.label) ?? [])
        }
        guard rows.count == count else {
            throw ServerUnavailable(description: "the server returned \(rows.count) predictions for \(count) rows")
        }
    }
}
