internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// Scores the rows in a workspace and writes the answer to it.
struct Prediction {
    let model: String
    let weights: PublishedWeights
    let rows: Int
    /// What is asked for beside the label and its score.
    let options: PredictOptions
    /// Octets that the answer may have.
    let maximumBytes: Int
    /// Where it is asked for, the leverage of each row; nil where the model has none to tell.
    var leverages: [Double]?

    /// What making the answer takes, in multiply-adds: scoring, choosing the best classes and writing them. It decides where it is done.
    var cost: Int {
        let top = min(options.top ?? 0, weights.classCount)
        // A label and a score are written in about the time of so many multiply-adds; past a few, the best are chosen by sorting all.
        let (writing, sorting) = (512, top > TopClasses.few ? 64 : 0)
        let row = writing * (1 + top) + sorting * weights.classCount
        let (answers, overflow) = rows.multipliedReportingOverflow(by: row)
        let (total, overflowing) = weights.cost(rows: rows).addingReportingOverflow(answers)
        return overflow || overflowing ? .max : total
    }

    /// Scores on an event loop or, with BLAS, on a compute thread, and writes the answer.
    ///
    /// The rows are scored in blocks, so that memory beside the answer does not grow with their number.
    ///
    /// - Parameter isWanted: is asked between blocks; false ends the work half-way, for an answer that nobody waits for.
    /// - Throws: 422 where the answer would be too large.
    func run(_ workspace: PredictWorkspace, useBLAS: Bool, isWanted: () -> Bool = { true }) throws(Problem) {
        let kind = weights.resolve(options.weights)
        let classes = weights.classCount(of: kind)
        let calibration = calibration(of: kind)
        begin(&workspace.writer, kind)
        let dimension = weights.featureMap.dimension
        let block = max(64, (1 << 20) / max(weights.featureMap.width, classes))
        for first in stride(from: 0, to: rows, by: block) {
            let last = min(first + block, rows)
            _ = workspace.features.withUnsafeBufferPointer { features in
                weights.score(
                    UnsafeBufferPointer(rebasing: features[(first * dimension)..<(last * dimension)]), weights: kind, useBLAS: useBLAS,
                    workspace: &workspace.scores)
            }
            for row in first..<last {
                let range = ((row - first) * classes)..<((row - first + 1) * classes)
                if workspace.scores.scores[range].allSatisfy({ $0.isFinite }) {
                    let softmax = calibration?.softmax(workspace.scores.scores, row: range)
                    write(
                        &workspace.writer, &workspace.order, row, count: classes, softmax,
                        score: { workspace.scores.scores[range.lowerBound + $0] })
                } else {
                    // Float32 has overflowed: once more, in Float64.
                    let features = workspace.features[(row * dimension)..<((row + 1) * dimension)].map(Double.init)
                    write(workspace, row, weights.scoreInDouble(features, weights: options.weights), calibration)
                }
                try checkSize(workspace.writer)
            }
            guard isWanted() else { return }
        }
        end(&workspace.writer)
    }

    /// Scores rows that Float32 cannot carry.
    ///
    /// - Parameter isWanted: as of `run(_:useBLAS:isWanted:)`.
    /// - Throws: 422 where the answer would be too large.
    func run(_ features: [Double], _ workspace: PredictWorkspace, isWanted: () -> Bool = { true }) throws(Problem) {
        let dimension = weights.featureMap.dimension
        let kind = weights.resolve(options.weights)
        let calibration = calibration(of: kind)
        begin(&workspace.writer, kind)
        for row in 0..<rows {
            let values = Array(features[(row * dimension)..<((row + 1) * dimension)])
            write(workspace, row, weights.scoreInDouble(values, weights: options.weights), calibration)
            try checkSize(workspace.writer)
            guard isWanted() else { return }
        }
        end(&workspace.writer)
    }

    @inline(__always)
    private func checkSize(_ writer: JSONWriter) throws(Problem) {
        guard writer.count <= maximumBytes else {
            throw Problem(
                .unprocessableContent,
                "the answer would be larger than \(maximumBytes) bytes; send fewer rows, or ask for fewer classes with \"top\"")
        }
    }

    private func write(_ workspace: PredictWorkspace, _ row: Int, _ exact: [Double], _ calibration: Calibration?) {
        let softmax = calibration?.softmax(exact)
        write(&workspace.writer, &workspace.order, row, count: exact.count, softmax, score: { exact[$0] })
    }

    /// How scores become probabilities, where those are asked for and known.
    private func calibration(of kind: WeightsKind) -> Calibration? { options.probability ? weights.calibration(of: kind) : nil }

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
        if options.probability {
            writer.key("calibration")
            CalibrationAnswer(calibration: weights.calibration(of: kind)).writeSummary(to: &writer)
        }
        writer.key("predictions")
        writer.beginArray()
    }

    private func end(_ writer: inout JSONWriter) {
        writer.endArray()
        writer.endObject()
    }

    private func write<Score: FeatureScalar>(
        _ writer: inout JSONWriter, _ order: inout [Int], _ row: Int, count: Int, _ softmax: Softmax?, score: (Int) -> Score
    ) {
        TopClasses.select(min(options.top ?? 1, count), of: count, into: &order, score: score)
        writer.beginObject()
        write(&writer, order[0], softmax, score)
        if options.leverage {
            writer.key("leverage")
            if let leverages { writer.write(leverages[row]) } else { writer.writeNull() }
        }
        if options.top != nil {
            writer.key("top")
            writer.beginArray()
            for column in order {
                writer.beginObject()
                write(&writer, column, softmax, score)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
    }

    private func write<Score: FeatureScalar>(_ writer: inout JSONWriter, _ column: Int, _ softmax: Softmax?, _ score: (Int) -> Score) {
        writer.key("label")
        writer.write(weights.labels[column])
        writer.key("score")
        // The shortest digits that give the same Float32 or Float64 again.
        if let score = score(column) as? Float { writer.write(score) } else { writer.write(Double(score(column))) }
        if let softmax {
            writer.key("probability")
            writer.write(Float(softmax.probability(score: Double(score(column)))))
        }
    }
}
