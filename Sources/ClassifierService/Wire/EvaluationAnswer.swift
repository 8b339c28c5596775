internal import AnalyticLearning
internal import TensorFormats

/// Progressive evaluation in model details: what `predict` would have answered by default for each row before it was learned.
struct EvaluationAnswer: Sendable {
    let evaluation: ProgressiveEvaluation
    let labels: [Label]
    /// The number of rows learned per class.
    let counts: [Int]
    /// What the weights that predict by default got right at each balance; nil if nothing was counted.
    let balance: BalanceCurveAnswer?

    /// Adds the members.
    ///
    /// - Complexity: O(C + window + confusions).
    func add(to text: inout AnswerText) {
        let (overall, recent) = (evaluation.overall, evaluation.recent)
        var confusions: [(actual: Int, predicted: Int, count: Int)] = []
        evaluation.forEachConfusion { actual, predicted, count in
            if actual < labels.count, predicted < labels.count { confusions.append((actual, predicted, count)) }
        }
        text.add { [self] writer in
            write(overall, "evaluated_samples", to: &writer)
            writer.key("window")
            writer.beginObject()
            write(recent, "samples", to: &writer)
            writer.member("capacity", evaluation.windowCapacity)
            writer.endObject()
            writer.key("balance")
            if let balance { balance.write(to: &writer) } else { writer.writeNull() }
            writer.key("classes")
            writer.beginArray()
        }
        text.add(labels.count) { [labels, counts] writer, column in
            writer.beginObject()
            writer.member("label", labels[column])
            writer.member("count", counts[column])
            writer.member("accuracy", overall.accuracy(of: column))
            writer.member("window_accuracy", recent.accuracy(of: column))
            writer.endObject()
        }
        text.add { writer in
            writer.endArray()
            writer.key("confusion")
            writer.beginArray()
        }
        text.add(confusions.count) { [labels, confusions] writer, index in
            let confusion = confusions[index]
            writer.beginObject()
            writer.member("label", labels[confusion.actual])
            writer.member("predicted", labels[confusion.predicted])
            writer.member("count", confusion.count)
            writer.endObject()
        }
        text.add { $0.endArray() }
    }

    private func write(_ measures: ProgressiveEvaluation.Measures, _ count: StaticString, to writer: inout JSONWriter) {
        writer.key(count)
        writer.write(measures.evaluated)
        writer.member("accuracy", measures.accuracy)
        writer.member("balanced_accuracy", measures.balancedAccuracy)
    }
}
