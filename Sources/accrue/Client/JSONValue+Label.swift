import AnalyticLearning
import TensorFormats

extension JSONValue {
    /// A string as a label; nil where it is none.
    var label: Label? { string.flatMap { try? Label($0) } }
}
