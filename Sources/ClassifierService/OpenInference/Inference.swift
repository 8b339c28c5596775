internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// Scores the rows of an inference request and writes the answer: JSON, followed by the binary data of outputs.
struct Inference: Sendable {
    let model: String
    let weights: PublishedWeights
    /// The weights requested in the head; the body's choice takes precedence.
    let wish: WeightsKind?
    /// The balance requested in the head; the body's takes precedence.
    let balanceWish: BalanceWish?
    /// The most octets of all outputs together.
    var maximumBytes: Int
    /// How many octets one octet of text counts as: JSON may need six.
    var textWeight = 1

    /// The cost of the answer in multiply-adds.
    func cost(of request: InferenceRequest) -> Int {
        guard let scorer = weights.scorer() else { return 0 }
        var row = 0
        func add(_ index: Int, best: Int?) {
            let isLabel = index == InferenceOutput.label.rawValue
            let all = isLabel ? AnswerCost.label : AnswerCost.number * scorer.classCount
            let (sum, overflow) = row.addingReportingOverflow(best.map { AnswerCost.best($0, of: scorer.classCount) } ?? all)
            row = overflow ? .max : sum
        }
        // A request that names no outputs gets all.
        if request.outputs.isEmpty { for index in 0..<OpenInference.outputCount(scorer.calibration) { add(index, best: nil) } }
        for output in request.outputs { add(output.index, best: output.classes) }
        let (total, overflow) = AnswerCost.total(scorer, rows: request.rows, row: row)
            .addingReportingOverflow(balance(of: request, scorer).cost(rows: request.rows))
        return overflow ? .max : total
    }

    /// Scores the rows in a workspace and collects the values of the outputs.
    ///
    /// - Parameters:
    ///   - scorer: `scorer` of the workspace.
    ///   - isWanted: called between blocks.
    /// - Throws: 409 if no probability is known; 422 if the answer would be too large; 503 if the client has left.
    func run(
        _ workspace: InferenceWorkspace, _ scorer: Scorer, _ blocks: BlockScorer, isWanted: () -> Bool = { true }
    ) throws(Problem) {
        let rows = workspace.inference.request.rows
        let collector = try collector(workspace, scorer)
        guard try blocks.score(rows: rows, workspace, for: collector, isWanted: isWanted) else { throw Self.clientHasLeft }
    }

    /// The same on a compute thread.
    ///
    /// - Returns: the scorer that was used.
    /// - Throws: also 409 if no class is known.
    func run(_ workspace: InferenceWorkspace, _ limits: ServiceLimits, isWanted: () -> Bool) throws(Problem) -> Scorer {
        let scorer = try scorer(workspace)
        let blocks = BlockScorer(scorer, rows: workspace.inference.request.rows, limits: limits)
        try run(workspace, scorer, blocks, isWanted: isWanted)
        return scorer
    }

    /// Collects the values from scores that were computed with those of other inferences.
    ///
    /// - Parameters:
    ///   - scorer: `scorer` of the workspace with this request.
    ///   - rows: the inference's rows in the workspace, all of which are scored.
    /// - Throws: 409 if no probability is known; 422 if the answer would be too large.
    func run(_ workspace: InferenceWorkspace, _ scorer: Scorer, _ blocks: BlockScorer, scored rows: Range<Int>) throws(Problem) {
        let collector = try collector(workspace, scorer)
        try blocks.pass(rows, scoredFrom: 0, numberedFrom: rows.lowerBound, workspace, to: collector)
    }

    /// Scores rows that do not fit Float32 and collects the values of the outputs.
    func run(_ features: [Double], _ workspace: InferenceWorkspace, isWanted: () -> Bool) throws(Problem) -> Scorer {
        let scorer = try scorer(workspace)
        let rows = workspace.inference.request.rows
        let collector = try collector(workspace, scorer)
        let blocks = BlockScorer(scorer, useBLAS: false)
        guard try blocks.score(features, rows: rows, workspace, for: collector, isWanted: isWanted) else { throw Self.clientHasLeft }
        return scorer
    }

    /// Never sent: the client has left.
    private static var clientHasLeft: Problem { .busy("the client has left before its answer was made") }

    /// The scorer that the request in a workspace chooses.
    ///
    /// - Throws: 409 if no class is known.
    func scorer(_ workspace: InferenceWorkspace) throws(Problem) -> Scorer {
        try weights.scorer(choice(of: workspace.inference.request), of: model)
    }

    /// The weights that a request chooses; nil for the model's default.
    func choice(of request: InferenceRequest) -> WeightsKind? {
        request.choice.map { $0 == 0 ? .plain : .balanced } ?? wish
    }

    /// The balance that a request chooses.
    func balance(of request: InferenceRequest, _ scorer: Scorer) -> AppliedBalance { AppliedBalance(balanceWish(of: request), scorer) }

    /// The balance that a request asks for; nil for the model's default.
    func balanceWish(of request: InferenceRequest) -> BalanceWish? { request.number.map(BalanceWish.balance) ?? balanceWish }

    private func collector(_ workspace: InferenceWorkspace, _ scorer: Scorer) throws(Problem) -> Collector {
        let calibration = try begin(workspace, scorer)
        let adjustment = balance(of: workspace.inference.request, scorer).adjustment
        return Collector(inference: self, workspace: workspace, calibration: calibration, adjustment: adjustment)
    }

    /// Adds all outputs if the request names none, and throws if there would be too many values, before any is computed.
    ///
    /// - Returns: the calibration, if probabilities are requested.
    private func begin(_ workspace: InferenceWorkspace, _ scorer: Scorer) throws(Problem) -> Calibration? {
        workspace.inference.request.wantAll(of: OpenInference.outputCount(scorer.calibration))
        let request = workspace.inference.request
        for output in request.outputs where output.index != InferenceOutput.label.rawValue && output.classes == nil {
            let (count, overflow) = request.rows.multipliedReportingOverflow(by: scorer.classCount * 4)
            guard !overflow, count <= maximumBytes else { throw tooLarge }
            workspace.inference.outputs[output.index].numbers.reserveCapacity(count / 4)
        }
        guard request.outputs.contains(where: { $0.index == InferenceOutput.probability.rawValue }) else { return nil }
        guard let calibration = scorer.calibration else {
            throw Problem(
                .conflict,
                "the output \"probability\" is not available yet: the model \"\(model)\" is calibrated once it has predicted "
                    + "\(Calibration.minimumSamples) rows before learning them")
        }
        return calibration
    }

    /// Collects the values of the outputs from each row's scores.
    private struct Collector: ScoreTaker {
        let inference: Inference
        let workspace: InferenceWorkspace
        /// The calibration, if probabilities are requested.
        let calibration: Calibration?
        let adjustment: PriorAdjustment?

        func take<Score: ClassScore>(_ scores: UnsafeBufferPointer<Score>, ofRow row: Int, _: PredictWorkspace) throws(Problem) {
            let softmax = calibration.map { Score.softmax(scores, $0) }
            for output in workspace.inference.request.outputs { collect(output, scores, softmax) }
            if inference.isTooLarge(workspace) { throw inference.tooLarge }
        }

        @inline(__always)
        private func collect<Score: ClassScore>(
            _ output: InferenceRequest.Output, _ scores: UnsafeBufferPointer<Score>, _ softmax: Softmax?
        ) {
            let labels = inference.weights.labels
            // `begin` ensured a softmax if probabilities are requested.
            let value = { (score: Score) -> Float in
                guard output.index == InferenceOutput.probability.rawValue else { return score.nearest }
                return Float(softmax?.probability(score: Double(score)) ?? 0)
            }
            if output.index == InferenceOutput.label.rawValue {
                let best = TopClasses.select(1, of: scores.count, into: &workspace.order) { scores[$0] }
                workspace.inference.outputs[output.index].texts.append(labels[best].text)
            } else if let wanted = output.classes {
                TopClasses.select(min(wanted, scores.count), of: scores.count, into: &workspace.order) { scores[$0] }
                for column in workspace.order where !inference.isTooLarge(workspace.inference.outputs[output.index].texts.byteCount) {
                    workspace.inference.outputs[output.index].texts.append(
                        classification: value(scores[column]), index: column, label: labels[column].text)
                }
            } else {
                workspace.inference.outputs[output.index].numbers.append(contentsOf: scores.lazy.map(value))
            }
        }
    }

    private func isTooLarge(_ textBytes: Int) -> Bool { textWeight * textBytes > maximumBytes }

    private func isTooLarge(_ workspace: InferenceWorkspace) -> Bool {
        var bytes = 0
        for index in workspace.inference.outputs.indices {
            bytes += textWeight * workspace.inference.outputs[index].texts.byteCount
            bytes += 4 * workspace.inference.outputs[index].numbers.count
        }
        return bytes > maximumBytes
    }

    private var tooLarge: Problem {
        Problem(
            .unprocessableContent,
            "the outputs would be larger than \(maximumBytes) bytes; send fewer rows, or ask for fewer outputs or for \"classification\"")
    }
}
