import AnalyticLearning
import TensorFormats

extension JSONValue {
    /// A valid label, if the value is one.
    var label: Label? { string.flatMap { try? Label($0) } }
}
