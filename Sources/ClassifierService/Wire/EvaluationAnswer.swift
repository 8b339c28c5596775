internal import AnalyticLearning
internal import TensorFormats

/// Progressive evaluation as model details show it: what the plain weights said of each row before they learned it.
struct EvaluationAnswer {
    let evaluation: ProgressiveEvaluation
    let labels: [String]
    /// The rows learned of each class.
    let counts: [Int]

    func write(to writer: inout JSONWriter) {
        let overall = evaluation.overall
        let recent = evaluation.recent
        write(overall, "evaluated_samples", to: &writer)
        writer.key("window")
        writer.beginObject()
        write(recent, "samples", to: &writer)
        writer.key("capacity")
        writer.write(evaluation.windowCapacity)
        writer.endObject()
        writer.key("classes")
        writer.beginArray()
        for (column, label) in labels.enumerated() {
            writer.beginObject()
            writer.key("label")
            writer.write(label)
            writer.key("count")
            writer.write(counts[column])
            writer.key("accuracy")
            writer.write(overall.accuracy(of: column))
            writer.key("window_accuracy")
            writer.write(recent.accuracy(of: column))
            writer.endObject()
        }
        writer.endArray()
        writer.key("confusion")
        writer.beginArray()
        evaluation.forEachConfusion { actual, predicted, count in
            guard actual < labels.count, predicted < labels.count else { return }
            writer.beginObject()
            writer.key("label")
            writer.write(labels[actual])
            writer.key("predicted")
            writer.write(labels[predicted])
            writer.key("count")
            writer.write(count)
            writer.endObject()
        }
        writer.endArray()
    }

    private func write(_ measures: ProgressiveEvaluation.Measures, _ count: StaticString, to writer: inout JSONWriter) {
        writer.key(count)
        writer.write(measures.evaluated)
        writer.key("accuracy")
        writer.write(measures.accuracy)
        writer.key("balanced_accuracy")
        writer.write(measures.balancedAccuracy)
    }
}
