package import AnalyticLearning
internal import TensorFormats

/// Labels of rows travel as bytes; they become labels once, where rows become classes.
extension PackedStrings {
    /// All strings as labels.
    ///
    /// - Throws: `invalid` that names the first row whose string is none.
    func labels() throws(ModelError) -> [Label] {
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
    package func labelFault(at index: Int) -> LabelError? {
        withUnsafeBytes(at: index) { Label.fault(in: $0) }
    }
}

extension ModelError {
    /// A text is no label.
    package static func label(_ place: String, _ error: LabelError) -> ModelError { ModelError(.invalid, "\(place) \(error)") }
}
