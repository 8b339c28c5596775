internal import AnalyticLearning
internal import TensorFormats

/// Scores the rows in a workspace and writes the answer to it.
struct Prediction {
    let model: String
    let weights: PublishedWeights
    let rows: Int
    /// How many of the best classes are listed with each row; none where nil.
    let top: Int?
    /// Which weights are asked for; the model's default where nil.
    let wish: WeightsKind?

    /// Scores on an event loop or, with BLAS, on a compute thread.
    func run(_ workspace: PredictWorkspace, useBLAS: Bool) {
        let kind =
            useBLAS
            ? weights.scoreByBLAS(workspace.features, weights: wish, workspace: &workspace.scores)
            : weights.score(workspace.features, weights: wish, workspace: &workspace.scores)
        let classes = weights.classCount(of: kind)
        begin(&workspace.writer, kind)
        let dimension = weights.featureMap.dimension
        for row in 0..<rows {
            let range = (row * classes)..<((row + 1) * classes)
            if workspace.scores.scores[range].allSatisfy({ $0.isFinite }) {
                write(&workspace.writer, &workspace.order, count: classes, score: { workspace.scores.scores[range.lowerBound + $0] })
            } else {
                // Float32 has overflowed: once more, in Float64.
                let features = workspace.features[(row * dimension)..<((row + 1) * dimension)].map(Double.init)
                let exact = weights.scoreInDouble(features, weights: wish)
                write(&workspace.writer, &workspace.order, count: classes, score: { exact[$0] })
            }
        }
        end(&workspace.writer)
    }

    /// Scores rows that Float32 cannot carry.
    func run(_ features: [Double], _ workspace: PredictWorkspace) {
        let dimension = weights.featureMap.dimension
        begin(&workspace.writer, weights.resolve(wish))
        for row in 0..<rows {
            let exact = weights.scoreInDouble(Array(features[(row * dimension)..<((row + 1) * dimension)]), weights: wish)
            write(&workspace.writer, &workspace.order, count: exact.count, score: { exact[$0] })
        }
        end(&workspace.writer)
    }

    private func begin(_ writer: inout JSONWriter, _ kind: WeightsKind) {
        writer.beginObject()
        writer.key("model")
        writer.write(model)
        writer.key("version")
        writer.write(weights.version)
        writer.key("weights")
        writer.write(kind == .balanced ? "balanced" : "plain" as StaticString)
        if kind == .balanced, let version = weights.balancedVersion {
            writer.key("balanced_version")
            writer.write(version)
        }
        writer.key("predictions")
        writer.beginArray()
    }

    private func end(_ writer: inout JSONWriter) {
        writer.endArray()
        writer.endObject()
    }

    private func write<Score: FeatureScalar>(_ writer: inout JSONWriter, _ order: inout [Int], count: Int, score: (Int) -> Score) {
        TopClasses.select(min(top ?? 1, count), of: count, into: &order, score: score)
        writer.beginObject()
        write(&writer, order[0], score)
        if top != nil {
            writer.key("top")
            writer.beginArray()
            for column in order {
                writer.beginObject()
                write(&writer, column, score)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
    }

    private func write<Score: FeatureScalar>(_ writer: inout JSONWriter, _ column: Int, _ score: (Int) -> Score) {
        writer.key("label")
        writer.write(weights.labels[column])
        writer.key("score")
        // The shortest digits that give the same Float32 or Float64 again.
        if let score = score(column) as? Float { writer.write(score) } else { writer.write(Double(score(column))) }
    }
}
