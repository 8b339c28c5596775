internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// The page of a model's classes to list: `?after=LABEL&limit=N`, in column order.
struct ClassPage: Sendable {
    /// The page begins after this label.
    let after: Label?
    /// The most classes on the page.
    let limit: Int?

    /// - Throws: 400 that names the parameter and the expected value.
    init(_ request: borrowing Request) throws(Problem) {
        after = try request.query("after").map { (text) throws(Problem) in
            do throws(LabelError) { return try Label(text) } catch { throw .label("\"after\"", error) }
        }
        limit = try request.query("limit").map { (text) throws(Problem) in
            guard let limit = PredictOptions.integer(text), limit >= 1 else {
                throw Problem(.badRequest, "\"limit\" is \"\(text.prefix(160))\", expected an integer of at least 1, digits only")
            }
            return limit
        }
    }

    /// The answer. If a page was requested, it names the label that the next page comes after; null if there is none.
    ///
    /// - Throws: 404 if no class has the label.
    func text(_ model: String, _ weights: PublishedWeights) throws(Problem) -> AnswerText {
        let (labels, counts, version) = (weights.labels, weights.counts, weights.version)
        var first = 0
        if let after {
            guard let column = labels.firstIndex(of: after) else {
                throw Problem(.notFound, "\"after\" is \"\(after)\", which is not a class of the model \"\(model)\"")
            }
            first = column + 1
        }
        let end = first + min(limit ?? .max, labels.count - first)
        let measures = weights.evaluation.overall
        var text = AnswerText()
        text.add { writer in
            writer.beginObject()
            writer.member("model", model)
            writer.member("version", version)
            writer.key("classes")
            writer.beginArray()
        }
        text.add(end - first) { [first] writer, index in
            let column = first + index
            writer.beginObject()
            writer.member("label", labels[column])
            writer.member("count", counts[column])
            writer.member("accuracy", measures.accuracy(of: column))
            writer.endObject()
        }
        let isPart = after != nil || limit != nil
        text.add { [first] writer in
            writer.endArray()
            if isPart {
                writer.key("next")
                if end < labels.count, end > first { writer.write(labels[end - 1]) } else { writer.writeNull() }
            }
            writer.endObject()
        }
        return text
    }
}
