internal import AnalyticLearning
internal import TensorFormats

extension JSONWriter {
    /// Writes a label as a string.
    mutating func write(_ label: Label) { write(label.text) }

    /// Writes a key and a label.
    mutating func member(_ name: StaticString, _ label: Label) { member(name, label.text) }
}
