/// What is wrong with the content of a log record.
struct RecordFault: Error, Equatable {
    let text: String

    init(_ text: String) { self.text = text }
}
