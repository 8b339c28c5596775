package import AnalyticLearning
internal import TensorFormats

/// Labels of rows are passed as bytes and converted once, where rows become classes.
extension PackedStrings {
    /// All strings as labels.
    ///
    /// - Throws: `invalid` that names the first row whose string is not a label.
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

    /// Why a string, which is UTF-8, is not a valid label; nil if it is.
    package func labelFault(at index: Int) -> LabelError? {
        withUnsafeBytes(at: index) { Label.fault(in: $0) }
    }
}

extension ModelError {
    /// The error for an invalid label.
    package static func label(_ place: String, _ error: LabelError) -> ModelError { ModelError(.invalid, "\(place) \(error)") }
}
