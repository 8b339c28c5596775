internal import AnalyticLearning
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// Scores the rows of an inference request and writes the answer: JSON, followed by the binary data of outputs.
struct Inference: Sendable {
    let model: String
    let weights: PublishedWeights
    /// The weights requested in the head; the body's choice takes precedence.
    let wish: WeightsKind?
    /// The balance requested in the head; the body's takes precedence.
    let balanceWish: BalanceWish?
    /// Counts rejected rows.
    let rejected: RejectedRows
    /// The most octets of all outputs together.
    var maximumBytes: Int
    /// How many octets one octet of text counts as: JSON may need six.
    var textWeight = 1

    /// The cost of the answer in multiply-adds.
    func cost(of request: InferenceRequest) -> Int {
        guard let scorer = weights.scorer() else { return 0 }
        var row = 0
        func add(_ index: Int, best: Int?) {
            let kind = InferenceOutput(rawValue: index)
            let all =
                kind == .label ? AnswerCost.label : kind?.hasClasses == true ? AnswerCost.number * scorer.classCount : AnswerCost.number
            let (sum, overflow) = row.addingReportingOverflow(best.map { AnswerCost.best($0, of: scorer.classCount) } ?? all)
            row = overflow ? .max : sum
        }
        // A request that names no outputs gets all.
        if request.outputs.isEmpty { for index in 0..<OpenInference.outputCount(scorer.calibration) { add(index, best: nil) } }
        for output in request.outputs { add(output.index, best: output.classes) }
        let (total, overflow) = AnswerCost.total(scorer, rows: request.rows, row: row)
            .addingReportingOverflow(balance(of: request, scorer).cost(rows: request.rows))
        guard let options = try? options(of: request), options.hasExtras else { return overflow ? .max : total }
        let (sum, overflowing) = total.addingReportingOverflow(options.extraCost(scorer, rows: request.rows))
        return overflow || overflowing ? .max : sum
    }

    /// What the request wants beyond labels, scores and probabilities.
    ///
    /// - Throws: 400 that names the parameter.
    private func options(of request: InferenceRequest) throws(Problem) -> PredictOptions {
        var options = PredictOptions()
        options.reject = request.numbers[InferenceNumber.reject.rawValue]
        if let level = request.numbers[InferenceNumber.coverage.rawValue] {
            options.coverage = try PredictOptions.coverage(level, "\(level)")
        }
        for output in request.outputs {
            if output.kind == .novelty { options.novelty = true }
            if output.kind == .set, options.coverage == nil {
                throw Problem(
                    .badRequest, "the output \"set\" needs the parameter \"coverage\", expected 0.8, 0.9, 0.95 or 0.99")
            }
        }
        return options
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
        let collector = try begin(workspace, scorer) { (extras) throws(Problem) in
            try extras.measure(0..<rows, workspace, by: blocks, isWanted: isWanted)
        }
        guard try blocks.score(rows: rows, workspace, for: collector, isWanted: isWanted) else { throw Self.clientHasLeft }
        rejected.add(workspace.rejectedRows)
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
        let collector = try begin(workspace, scorer) { (extras) throws(Problem) in
            try extras.measure(rows, workspace, by: blocks) { true }
        }
        try blocks.pass(rows, scoredFrom: 0, numberedFrom: rows.lowerBound, workspace, to: collector)
        rejected.add(workspace.rejectedRows)
    }

    /// Scores rows that do not fit Float32 and collects the values of the outputs.
    func run(_ features: [Double], _ workspace: InferenceWorkspace, isWanted: () -> Bool) throws(Problem) -> Scorer {
        let scorer = try scorer(workspace)
        let rows = workspace.inference.request.rows
        let blocks = BlockScorer(scorer, useBLAS: false)
        let collector = try begin(workspace, scorer) { (extras) throws(Problem) in
            try extras.measure(features, rows: rows, workspace, by: blocks, isWanted: isWanted)
        }
        guard try blocks.score(features, rows: rows, workspace, for: collector, isWanted: isWanted) else { throw Self.clientHasLeft }
        rejected.add(workspace.rejectedRows)
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
    func balanceWish(of request: InferenceRequest) -> BalanceWish? {
        request.numbers[InferenceNumber.balance.rawValue].map(BalanceWish.balance) ?? balanceWish
    }

    /// Adds all outputs if the request names none, and throws if there would be too many values, before any is computed.
    ///
    /// - Parameter measure: measures the rows' novelty, if that needs other scores.
    /// - Returns: what collects the values.
    private func begin(
        _ workspace: InferenceWorkspace, _ scorer: Scorer, _ measure: (RowExtras) throws(Problem) -> Void
    ) throws(Problem) -> Collector {
        let options = try options(of: workspace.inference.request)
        workspace.rejectedRows = 0
        workspace.inference.request.wantAll(
            of: OpenInference.outputCount(scorer.calibration), and: options.coverage.map { _ in InferenceOutput.set.rawValue })
        let request = workspace.inference.request
        for output in request.outputs where output.kind.hasClasses && output.classes == nil {
            let (count, overflow) = request.rows.multipliedReportingOverflow(by: scorer.classCount * 4)
            guard !overflow, count <= maximumBytes else { throw tooLarge }
            workspace.inference.outputs[output.index].numbers.reserveCapacity(count / 4)
        }
        let needsProbability = request.outputs.contains { $0.kind == .probability }
        if needsProbability, scorer.calibration == nil {
            throw Problem(
                .conflict,
                "the output \"probability\" is not available yet: the model \"\(model)\" is calibrated once it has predicted "
                    + "\(Calibration.minimumSamples) rows before learning them")
        }
        if options.hasExtras {
            let extras = try RowExtras(options, scorer, of: model)
            if let gap = extras.gap {
                throw Problem(.conflict, "the output \"novelty\" is not available: \(gap.reason)")
            }
            try measure(extras)
            workspace.inference.extras = extras
        }
        return Collector(
            inference: self, workspace: workspace, extras: workspace.inference.extras,
            calibration: needsProbability ? scorer.calibration : nil, adjustment: balance(of: request, scorer).adjustment)
    }

    /// Collects the values of the outputs from each row's scores.
    private struct Collector: ScoreTaker {
        let inference: Inference
        let workspace: InferenceWorkspace
        let extras: RowExtras?
        /// The calibration, if probabilities are requested.
        let calibration: Calibration?
        let adjustment: PriorAdjustment?

        func prepare<Score: ClassScore>(_ scores: UnsafeBufferPointer<Score>, ofRow row: Int, _: PredictWorkspace) {
            extras?.prepare(scores, ofRow: row, workspace)
        }

        func take<Score: ClassScore>(_ scores: UnsafeBufferPointer<Score>, ofRow row: Int, _: PredictWorkspace) throws(Problem) {
            let softmax = calibration.map { Score.softmax(scores, $0) }
            let isRejected = extras?.isRejected(workspace.rowNovelty) ?? false
            if isRejected { workspace.rejectedRows += 1 }
            for output in workspace.inference.request.outputs { collect(output, scores, softmax, isRejected) }
            if inference.isTooLarge(workspace) { throw inference.tooLarge }
        }

        @inline(__always)
        private func collect<Score: ClassScore>(
            _ output: InferenceRequest.Output, _ scores: UnsafeBufferPointer<Score>, _ softmax: Softmax?, _ isRejected: Bool
        ) {
            let labels = inference.weights.labels
            // `begin` ensured a softmax if probabilities are requested.
            let value = { (score: Score) -> Float in
                guard output.index == InferenceOutput.probability.rawValue else { return score.nearest }
                return Float(softmax?.probability(score: Double(score)) ?? 0)
            }
            if output.kind == .label {
                let best = TopClasses.select(1, of: scores.count, into: &workspace.order) { scores[$0] }
                // No label is empty.
                workspace.inference.outputs[output.index].texts.append(isRejected ? "" : labels[best].text)
            } else if output.kind == .novelty {
                workspace.inference.outputs[output.index].numbers.append((workspace.rowNovelty ?? .infinity).nearest)
            } else if output.kind == .set {
                collectSet(output)
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

        private func collectSet(_ output: InferenceRequest.Output) {
            // The answer is written only once all values are collected.
            workspace.writer.removeAll()
            workspace.writer.beginArray()
            for column in workspace.rowSet where !inference.isTooLarge(workspace.writer.count) {
                workspace.writer.write(inference.weights.labels[column])
            }
            workspace.writer.endArray()
            workspace.writer.withUnsafeBytes { workspace.inference.outputs[output.index].texts.append(utf8: $0) }
            workspace.writer.removeAll()
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
