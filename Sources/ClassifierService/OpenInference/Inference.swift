internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// Scores the rows of an inference request and writes the answer: JSON, and behind it the binary data of outputs.
struct Inference: Sendable {
    let model: String
    let weights: PublishedWeights
    /// Which weights the head of the request asks for; its content goes before.
    let wish: WeightsKind?
    /// Octets that the outputs may have together.
    let maximumBytes: Int

    /// Scores the rows in a workspace, with BLAS on compute threads alone.
    ///
    /// The rows are scored in blocks, so that memory beside the answer does not grow with their number.
    ///
    /// - Throws: 422 where the answer would be too large.
    func run(_ workspace: PredictWorkspace, useBLAS: Bool) throws(Problem) {
        let kind = weights.resolve(choice(workspace))
        let calibration = try begin(workspace, kind)
        let dimension = weights.featureMap.dimension
        let rows = workspace.inference.request.rows
        let classes = weights.classCount(of: kind)
        let block = max(64, (1 << 20) / max(weights.featureMap.width, classes))
        for first in stride(from: 0, to: rows, by: block) {
            let last = min(first + block, rows)
            workspace.features.withUnsafeBufferPointer { features in
                _ = weights.score(
                    UnsafeBufferPointer(rebasing: features[first * dimension..<last * dimension]), weights: kind, useBLAS: useBLAS,
                    workspace: &workspace.scores)
            }
            workspace.scores.scores.withUnsafeBufferPointer { scores in
                for row in 0..<(last - first) {
                    let scores = UnsafeBufferPointer(rebasing: scores[row * classes..<(row + 1) * classes])
                    if scores.allSatisfy({ $0.isFinite }) {
                        collect(scores, calibration?.softmax(scores), workspace) { $0.append(contentsOf: scores) }
                    } else {
                        // Float32 has overflowed: once more, in Float64.
                        let start = (first + row) * dimension
                        collectExact(
                            workspace.features[start..<start + dimension].map(Double.init), calibration, workspace, kind)
                    }
                }
            }
            try checkSize(workspace)
        }
    }

    /// Scores rows that Float32 cannot carry.
    func run(_ features: [Double], _ workspace: PredictWorkspace) throws(Problem) {
        let kind = weights.resolve(choice(workspace))
        let calibration = try begin(workspace, kind)
        let dimension = weights.featureMap.dimension
        for row in 0..<workspace.inference.request.rows {
            collectExact(Array(features[row * dimension..<(row + 1) * dimension]), calibration, workspace, kind)
            try checkSize(workspace)
        }
    }

    private func choice(_ workspace: PredictWorkspace) -> WeightsKind? {
        workspace.inference.request.choice.map { $0 == 0 ? .plain : .balanced } ?? wish
    }

    /// Names the outputs where the request names none, and refuses values that would be too many before any is computed.
    ///
    /// - Returns: how scores become probabilities, where those are asked for.
    private func begin(_ workspace: PredictWorkspace, _ kind: WeightsKind) throws(Problem) -> Calibration? {
        workspace.inference.request.wantAll(of: OpenInference.outputCount(weights, kind))
        let request = workspace.inference.request
        for output in request.outputs where output.index != InferenceOutput.label.rawValue && output.classes == nil {
            let (count, overflow) = request.rows.multipliedReportingOverflow(by: weights.classCount(of: kind) * 4)
            guard !overflow, count <= maximumBytes else { throw tooLarge }
            workspace.inference.outputs[output.index].numbers.reserveCapacity(count / 4)
        }
        guard request.outputs.contains(where: { $0.index == InferenceOutput.probability.rawValue }) else { return nil }
        guard let calibration = weights.calibration(of: kind) else {
            throw Problem(
                .conflict,
                "the output \"probability\" is not there yet: the model \"\(model)\" is calibrated when it has predicted "
                    + "\(Calibration.minimumSamples) rows before learning them")
        }
        return calibration
    }

    private func checkSize(_ workspace: PredictWorkspace) throws(Problem) {
        var bytes = 0
        for output in workspace.inference.outputs { bytes += output.texts.byteCount + output.numbers.count * 4 }
        guard bytes <= maximumBytes else { throw tooLarge }
    }

    private var tooLarge: Problem {
        Problem(
            .unprocessableContent,
            "the outputs would be larger than \(maximumBytes) bytes; send fewer rows, or ask for fewer outputs or for \"classification\"")
    }

    private func collectExact(_ row: [Double], _ calibration: Calibration?, _ workspace: PredictWorkspace, _ kind: WeightsKind) {
        weights.scoreInDouble(row, weights: kind).withUnsafeBufferPointer { scores in
            collect(scores, calibration?.softmax(scores), workspace) { $0.append(contentsOf: scores.lazy.map(Self.nearest)) }
        }
    }

    /// Takes what the outputs want of a row's scores.
    @inline(__always)
    private func collect<Score: FeatureScalar>(
        _ scores: UnsafeBufferPointer<Score>, _ softmax: Softmax?, _ workspace: PredictWorkspace, appendAll: (inout [Float]) -> Void
    ) {
        for output in workspace.inference.request.outputs {
            let isProbability = output.index == InferenceOutput.probability.rawValue
            if output.index == InferenceOutput.label.rawValue {
                TopClasses.select(1, of: scores.count, into: &workspace.order) { scores[$0] }
                workspace.inference.outputs[output.index].texts.append(weights.labels[workspace.order[0]])
            } else if let wanted = output.classes {
                TopClasses.select(min(wanted, scores.count), of: scores.count, into: &workspace.order) { scores[$0] }
                for column in workspace.order {
                    let value = isProbability ? Self.probability(softmax, scores[column]) : Self.nearest(scores[column])
                    workspace.inference.outputs[output.index].texts.append(
                        classification: value, index: column, label: weights.labels[column])
                }
            } else if isProbability {
                for score in scores { workspace.inference.outputs[output.index].numbers.append(Self.probability(softmax, score)) }
            } else {
                appendAll(&workspace.inference.outputs[output.index].numbers)
            }
        }
    }

    @inline(__always)
    private static func probability<Score: FeatureScalar>(_ softmax: Softmax?, _ score: Score) -> Float {
        // `begin` has seen to it that there is one.
        Float(softmax?.probability(score: Double(score)) ?? 0)
    }

    /// The nearest FP32 that is finite.
    private static func nearest<Score: FeatureScalar>(_ score: Score) -> Float {
        let limit = Score(Float.greatestFiniteMagnitude)
        return Float(min(max(score, -limit), limit))
    }
}
