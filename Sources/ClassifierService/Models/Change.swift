internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// What a change other than learning has come to.
struct Change {
    /// The answer.
    let text: AnswerText
    /// What is remembered of it where the request has a key; nil for changes that take none.
    let answer: IdempotencyTable.Answer?
    /// Whether all is as it was: there is nothing to make last, and nobody to be told.
    let isNone: Bool

    init(_ text: AnswerText, isNone: Bool = false) {
        self.text = text
        answer = nil
        self.isNone = isNone
    }

    /// One that is answered with a JSON object of bounded length.
    init(isNone: Bool = false, _ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.beginObject()
        body(&writer)
        writer.endObject()
        answer = .body(writer.array)
        text = AnswerText(writer.array)
        self.isNone = isNone
    }

    /// One that is answered with a JSON object which ends with a list of classes.
    ///
    /// - Parameters:
    ///   - key: the list's.
    ///   - columns: the classes, ascending.
    ///   - body: writes what comes before the list.
    init(listing key: StaticString, _ columns: some Collection<Int>, of registry: ClassRegistry, _ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.beginObject()
        body(&writer)
        writer.key(key)
        let answer = IdempotencyTable.Answer.listing(writer.array, AnsweredClasses(columns, of: registry), Array("}".utf8))
        self.answer = answer
        text = answer.text(registry)
        isNone = false
    }
}
