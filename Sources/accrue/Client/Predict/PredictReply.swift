import AnalyticLearning
import TensorFormats

/// The answer to a predict request.
struct PredictReply: Sendable {
    /// A class, and how much speaks for it.
    struct Scored: Sendable, Equatable {
        var label: Label
        var score: Double
        /// Where it was asked for and is known.
        var probability: Double?

        init?(_ value: JSONValue) {
            guard let object = value.object, let label = object["label"]?.label, let score = object["score"]?.double else { return nil }
            (self.label, self.score) = (label, score)
            probability = object["probability"]?.double
        }
    }

    struct Row: Sendable {
        var best: Scored
        /// The best classes, the best one included; empty where they were not asked for.
        var top: [Scored]
    }

    var rows: [Row]

    /// - Throws: `ServerUnavailable` where something else answers, or another number of rows.
    init(_ response: HTTPClient.Response, rows count: Int) throws {
        let predictions = try ServiceClient.object(response)["predictions"]?.array ?? []
        rows = predictions.compactMap { value in
            guard let best = Scored(value) else { return nil }
            return Row(best: best, top: value.object?["top"]?.array?.compactMap(Scored.init) ?? [])
        }
        guard rows.count == count else {
            throw ServerUnavailable(description: "the server returned \(rows.count) predictions for \(count) rows")
        }
    }
}
