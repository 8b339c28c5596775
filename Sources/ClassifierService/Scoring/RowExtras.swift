internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// What a prediction was asked for beyond labels, scores and probabilities, from one state: novelty, rejection, and sets.
struct RowExtras: Sendable {
    /// The novelty of rows; nil if it was not requested, or there is none.
    private let measure: NoveltyMeasure?
    /// Why there is no novelty although it was requested.
    let gap: NoveltyGap?
    /// Rows that are more novel get no label; nil if no share is to be rejected.
    let rejection: Rejection?
    /// Labels of at least its probability are in a row's set; nil if no sets were requested.
    let coverage: CoverageThreshold?
    /// The weights that are served, and how their scores become probabilities: those of sets are of scores without a balance, for which
    /// the promise is kept.
    private let kind: WeightsKind
    private let calibration: Calibration?

    /// The threshold of rejection.
    struct Rejection: Sendable {
        /// The share of known rows beyond it.
        let share: Double
        let threshold: Double
        /// The known rows that it follows from.
        let rows: Int
    }

    /// - Throws: 409 if rejection or sets are not available yet.
    /// - Complexity: C³ for the first request for novelty of all on a state.
    init(_ options: PredictOptions, _ scorer: Scorer, of model: String) throws(Problem) {
        try options.checkExtras(scorer, of: model)
        let weights = scorer.weights
        var (measure, gap, rejection): (NoveltyMeasure?, NoveltyGap?, Rejection?)
        if options.needsNovelty {
            switch weights.novelty {
            case .success(let found): measure = found
            case .failure(let reason): gap = reason
            }
        }
        if let share = options.reject {
            let quantiles = weights.noveltyQuantiles
            guard let measure, let threshold = quantiles.threshold(share: share, measure) else {
                throw Problem(.conflict, "the model \"\(model)\" cannot reject rows: \((gap ?? .notComputed).reason)")
            }
            rejection = Rejection(share: share, threshold: threshold, rows: quantiles.rows)
        }
        self.measure = measure
        self.gap = gap
        self.rejection = rejection
        coverage = options.coverage.flatMap { scorer.calibration?.coverage($0) }
        kind = scorer.kind
        calibration = scorer.calibration
    }

    /// Measures the rows' novelty by the plain weights, if others are served.
    ///
    /// - Parameters:
    ///   - rows: the prediction's rows in the workspace.
    ///   - isWanted: called between blocks; false stops the work.
    func measure(
        _ rows: Range<Int>, _ workspace: PredictWorkspace, by blocks: BlockScorer, isWanted: () -> Bool
    ) throws(Problem) {
        workspace.novelties.removeAll(keepingCapacity: true)
        guard measure != nil, let plain = otherScorer(blocks) else { return }
        swap(&workspace.scores, &workspace.plainScores)
        defer { swap(&workspace.scores, &workspace.plainScores) }
        let block = max(64, (1 << 20) / max(plain.scorer.weights.featureMap.width, plain.scorer.classCount))
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: block) {
            let part = first..<min(first + block, rows.upperBound)
            plain.score(part, workspace)
            try plain.pass(part, scoredFrom: first, numberedFrom: rows.lowerBound, workspace, to: Collector(extras: self))
            guard isWanted() else { return }
        }
    }

    /// The same for rows that do not fit Float32.
    func measure(
        _ features: [Double], rows: Int, _ workspace: PredictWorkspace, by blocks: BlockScorer, isWanted: () -> Bool
    ) throws(Problem) {
        workspace.novelties.removeAll(keepingCapacity: true)
        guard measure != nil, let plain = otherScorer(blocks) else { return }
        _ = try plain.score(features, rows: rows, workspace, for: Collector(extras: self), isWanted: isWanted)
    }

    /// A scorer with the plain weights, if `blocks` has others.
    private func otherScorer(_ blocks: BlockScorer) -> BlockScorer? {
        guard blocks.scorer.kind != .plain else { return nil }
        return blocks.scorer.weights.scorer(.plain).map { BlockScorer($0, useBLAS: blocks.useBLAS) }
    }

    /// Keeps each row's novelty for `novelty(of:)`; NaN if it is not finite.
    private struct Collector: ScoreTaker {
        let extras: RowExtras
        var adjustment: PriorAdjustment? { nil }

        func prepare<Score: ClassScore>(_ scores: UnsafeBufferPointer<Score>, ofRow row: Int, _ workspace: PredictWorkspace) {}

        func take<Score: ClassScore>(_ scores: UnsafeBufferPointer<Score>, ofRow row: Int, _ workspace: PredictWorkspace) {
            guard let measure = extras.measure else { return }
            workspace.novelties.append(Score.novelty(scores, measure, &workspace.noveltyScratch) ?? .nan)
        }
    }

    /// Finds a row's novelty and set, for `rowNovelty` and `rowSet` of the workspace.
    ///
    /// - Parameters:
    ///   - scores: by the weights that are served, without a balance.
    ///   - row: its number in the prediction.
    func prepare<Score: ClassScore>(_ scores: UnsafeBufferPointer<Score>, ofRow row: Int, _ workspace: PredictWorkspace) {
        workspace.rowNovelty = novelty(of: row, scores, workspace)
        if coverage != nil, let calibration { selectSet(scores, Score.softmax(scores, calibration), into: &workspace.rowSet) }
    }

    /// A row's novelty; nil if there is none.
    private func novelty<Score: ClassScore>(
        of row: Int, _ scores: UnsafeBufferPointer<Score>, _ workspace: PredictWorkspace
    ) -> Double? {
        guard let measure else { return nil }
        if kind == .plain { return Score.novelty(scores, measure, &workspace.noveltyScratch) }
        guard row < workspace.novelties.count, workspace.novelties[row].isFinite else { return nil }
        return workspace.novelties[row]
    }

    /// Whether a row gets no label. One whose novelty is not finite lies beyond every threshold.
    func isRejected(_ novelty: Double?) -> Bool {
        guard let rejection else { return false }
        return !(novelty ?? .infinity <= rejection.threshold)
    }

    /// Selects the labels of a row's set, best first.
    private func selectSet<Score: ClassScore>(_ scores: UnsafeBufferPointer<Score>, _ softmax: Softmax, into order: inout [Int]) {
        order.removeAll(keepingCapacity: true)
        guard let coverage else { return }
        let least = softmax.score(probability: coverage.leastProbability)
        var count = 0
        for score in scores where Double(score) >= least { count += 1 }
        if count > 0 { TopClasses.select(count, of: scores.count, into: &order) { scores[$0] } }
    }
}

extension PredictOptions {
    /// Whether novelty is needed.
    var needsNovelty: Bool { novelty || reject != nil }

    /// Whether `RowExtras` are needed.
    var hasExtras: Bool { needsNovelty || coverage != nil }

    /// - Throws: 409 if there are not enough rows yet for the rejection or the sets requested.
    func checkExtras(_ scorer: Scorer, of model: String) throws(Problem) {
        if let reject {
            let (rows, needed) = (scorer.weights.noveltyQuantiles.rows, NoveltyQuantiles.rowsNeeded(share: reject))
            guard rows >= needed else {
                throw Problem(
                    .conflict,
                    "the model \"\(model)\" cannot reject a share of \(reject) yet: it has measured the novelty of \(rows) rows before "
                        + "learning them, expected \(needed), \(needed - rows) more")
            }
        }
        if let coverage, scorer.calibration?.coverage(coverage) == nil {
            throw Problem(
                .conflict,
                "sets are not available yet: the model \"\(model)\" is calibrated once it has predicted \(Calibration.minimumSamples) rows "
                    + "before learning them, and a coverage of \(coverage.rawValue) then needs \(coverage.minimumRows) more")
        }
    }

    /// The cost of a prediction's extras in multiply-adds.
    ///
    /// - Returns: `Int.max` on overflow.
    func extraCost(_ scorer: Scorer, rows: Int) -> Int {
        var cost = 0
        func add(_ more: Int) {
            let (sum, overflow) = cost.addingReportingOverflow(more)
            cost = overflow ? .max : sum
        }
        if needsNovelty {
            add(scorer.weights.noveltyCost(rows: rows))
            if scorer.kind != .plain { add(scorer.weights.scorer(.plain)?.cost(rows: rows) ?? 0) }
        }
        if coverage != nil {
            let (sets, overflow) = AnswerCost.best(scorer.classCount, of: scorer.classCount).multipliedReportingOverflow(by: rows)
            add(overflow ? .max : sets)
        }
        return cost
    }
}

extension NoveltyGap {
    /// The reason in words.
    var reason: String {
        switch self {
        case .fewClasses: "fewer than two classes have rows"
        case .manyClasses(let most): "the model has more than \(most) classes"
        case .illConditioned: "too few digits of the weights are certain; a larger ridge helps"
        case .notComputed: "the weights are being computed"
        }
    }
}
