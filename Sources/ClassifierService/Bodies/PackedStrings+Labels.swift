internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// Labels of rows travel as bytes; they become labels once, where rows become classes.
extension PackedStrings {
    /// All strings as labels.
    ///
    /// - Throws: 400 that names the first row whose string is none.
    func labels() throws(Problem) -> [Label] {
        var labels: [Label] = []
        labels.reserveCapacity(count)
        for row in 0..<count {
            do throws(LabelError) {
                labels.append(try label(at: row))
            } catch {
                throw .label("the label \"\(self[row].prefix(64))\": labels[\(row)]", error)
            }
        }
        return labels
    }

    /// One string as a label.
    func label(at index: Int) throws(LabelError) -> Label {
        try withUnsafeBytes(at: index) { (bytes) throws(LabelError) in try Label(utf8: bytes) }
    }

    /// What keeps a string, which is UTF-8, from being a label; nil where nothing does.
    func labelFault(at index: Int) -> LabelError? {
        withUnsafeBytes(at: index) { Label.fault(in: $0) }
    }
}

extension Problem {
    /// 400 for a text that is no label.
    static func label(_ place: String, _ error: LabelError) -> Problem { Problem(.badRequest, "\(place) \(error)") }
}

extension JSONWriter {
    /// Writes a label as a string.
    mutating func write(_ label: Label) { write(label.text) }

    /// Writes a key and a label.
    mutating func member(_ name: StaticString, _ label: Label) { member(name, label.text) }
}
