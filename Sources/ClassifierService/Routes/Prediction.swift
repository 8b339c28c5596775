internal import AnalyticLearning
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// Scores the rows in a workspace and writes the answer into it.
struct Prediction: ScoreTaker {
    let model: String
    let scorer: Scorer
    let rows: Int
    /// The options beyond the label and its score.
    let options: PredictOptions
    let balance: AppliedBalance
    /// The most octets of the answer.
    var maximumBytes: Int
    /// The leverage of each row, if requested; nil if the model has none.
    var leverages: [Double]?
    /// Counts rejected rows.
    private let rejected: RejectedRows
    /// Novelty, rejection and sets, once they have been prepared; nil if none was requested.
    private var extras: RowExtras?

    init(
        model: String, scorer: Scorer, rows: Int, options: PredictOptions, balance: AppliedBalance, maximumBytes: Int,
        rejected: RejectedRows, leverages: [Double]? = nil
    ) {
        self.model = model
        self.scorer = scorer
        self.rows = rows
        self.options = options
        self.balance = balance
        self.maximumBytes = maximumBytes
        self.rejected = rejected
        self.leverages = leverages
    }

    private var weights: PublishedWeights { scorer.weights }

    /// The cost of the answer in multiply-adds.
    var cost: Int {
        let top = options.top.map { AnswerCost.best($0, of: scorer.classCount) } ?? 0
        let (total, overflow) = AnswerCost.total(scorer, rows: rows, row: AnswerCost.label + top)
            .addingReportingOverflow(balance.cost(rows: rows))
        guard options.hasExtras else { return overflow ? .max : total }
        let (sum, overflowing) = total.addingReportingOverflow(options.extraCost(scorer, rows: rows))
        return overflow || overflowing ? .max : sum
    }

    var adjustment: PriorAdjustment? { balance.adjustment }

    /// Scores the rows in a workspace, and writes the answer.
    ///
    /// - Parameter isWanted: called between blocks; false stops the work, for a client that has left.
    /// - Throws: 422 if the answer would be too large; 409 if rejection or sets are not available.
    func run(_ workspace: PredictWorkspace, _ blocks: BlockScorer, isWanted: () -> Bool = { true }) throws(Problem) {
        let taker = try prepared { (extras) throws(Problem) in try extras.measure(0..<rows, workspace, by: blocks, isWanted: isWanted) }
        taker.begin(workspace)
        if try blocks.score(rows: rows, workspace, for: taker, isWanted: isWanted) { end(workspace) }
    }

    /// This prediction with its extras, if any was requested.
    private func prepared(_ measure: (RowExtras) throws(Problem) -> Void) throws(Problem) -> Prediction {
        guard options.hasExtras else { return self }
        let extras = try RowExtras(options, scorer, of: model)
        try measure(extras)
        var taker = self
        taker.extras = extras
        return taker
    }

    /// Writes the answer from scores that were computed with those of other predictions.
    ///
    /// - Parameter rows: the prediction's rows in the workspace, all of which are scored.
    /// - Throws: 422 if the answer would be too large; 409 if rejection or sets are not available.
    func run(_ workspace: PredictWorkspace, _ blocks: BlockScorer, scored rows: Range<Int>) throws(Problem) {
        let taker = try prepared { (extras) throws(Problem) in try extras.measure(rows, workspace, by: blocks) { true } }
        taker.begin(workspace)
        try blocks.pass(rows, scoredFrom: 0, numberedFrom: rows.lowerBound, workspace, to: taker)
        end(workspace)
    }

    /// The same for rows that do not fit Float32.
    func run(_ features: [Double], _ workspace: PredictWorkspace, isWanted: () -> Bool = { true }) throws(Problem) {
        let blocks = BlockScorer(scorer, useBLAS: false)
        let taker = try prepared { (extras) throws(Problem) in
            try extras.measure(features, rows: rows, workspace, by: blocks, isWanted: isWanted)
        }
        taker.begin(workspace)
        if try blocks.score(features, rows: rows, workspace, for: taker, isWanted: isWanted) { end(workspace) }
    }

    func prepare<Score: ClassScore>(_ scores: UnsafeBufferPointer<Score>, ofRow row: Int, _ workspace: PredictWorkspace) {
        extras?.prepare(scores, ofRow: row, workspace)
    }

    func take<Score: ClassScore>(_ scores: UnsafeBufferPointer<Score>, ofRow row: Int, _ workspace: PredictWorkspace) throws(Problem) {
        write(&workspace.writer, workspace, row, scores, calibration.map { Score.softmax(scores, $0) })
        try checkSize(workspace.writer)
    }

    @inline(__always)
    private func checkSize(_ writer: JSONWriter) throws(Problem) {
        guard writer.count <= maximumBytes else {
            throw Problem(
                .unprocessableContent,
                "the answer would be larger than \(maximumBytes) bytes; send fewer rows, or ask for fewer classes with \"top\"")
        }
    }

    /// The calibration, if probabilities are requested and it is known.
    private var calibration: Calibration? { options.probability ? scorer.calibration : nil }

    private func begin(_ workspace: PredictWorkspace) {
        workspace.rejectedRows = 0
        begin(&workspace.writer)
    }

    private func begin(_ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("model", model)
        writer.member("version", weights.version)
        writer.member("weights", scorer.kind == .balanced ? "balanced" : "plain" as StaticString)
        if let version = scorer.balancedVersion {
            writer.member("balanced_version", version)
        }
        balance.write(to: &writer)
        if options.probability {
            writer.key("calibration")
            CalibrationAnswer(calibration: scorer.calibration).writeSummary(to: &writer)
        }
        if let extras { begin(&writer, extras) }
        writer.key("predictions")
        writer.beginArray()
    }

    private func begin(_ writer: inout JSONWriter, _ extras: RowExtras) {
        if let gap = extras.gap { writer.member("novelty_unavailable", gap.reason) }
        if let rejection = extras.rejection {
            writer.key("rejection")
            writer.beginObject()
            writer.member("share", rejection.share)
            writer.member("threshold", rejection.threshold)
            writer.member("samples", rejection.rows)
            writer.endObject()
        }
        if let level = options.coverage, let coverage = extras.coverage {
            writer.key("coverage")
            writer.beginObject()
            writer.member("level", level.rawValue)
            writer.member("least_probability", coverage.leastProbability > 1 ? nil : coverage.leastProbability)
            writer.member("samples", coverage.rows)
            writer.endObject()
        }
    }

    private func end(_ workspace: PredictWorkspace) {
        workspace.writer.endArray()
        workspace.writer.endObject()
        rejected.add(workspace.rejectedRows)
    }

    private func write<Score: ClassScore>(
        _ writer: inout JSONWriter, _ workspace: PredictWorkspace, _ row: Int, _ scores: UnsafeBufferPointer<Score>, _ softmax: Softmax?
    ) {
        let best = TopClasses.select(min(options.top ?? 1, scores.count), of: scores.count, into: &workspace.order) { scores[$0] }
        writer.beginObject()
        let isRejected = extras?.isRejected(workspace.rowNovelty) ?? false
        if isRejected { workspace.rejectedRows += 1 }
        write(&writer, best, scores[best], softmax, hasLabel: !isRejected)
        if options.reject != nil { writer.member("rejected", isRejected) }
        if options.novelty { writer.member("novelty", workspace.rowNovelty) }
        if options.leverage { writer.member("leverage", leverages?[row]) }
        if options.top != nil {
            writer.key("top")
            writer.beginArray()
            // Ends early if the answer is too large; it is then refused after the row.
            for column in workspace.order where writer.count <= maximumBytes {
                writer.beginObject()
                write(&writer, column, scores[column], softmax)
                writer.endObject()
            }
            writer.endArray()
        }
        if options.coverage != nil {
            writer.key("set")
            writer.beginArray()
            for column in workspace.rowSet where writer.count <= maximumBytes { writer.write(weights.labels[column]) }
            writer.endArray()
        }
        writer.endObject()
    }

    private func write<Score: ClassScore>(
        _ writer: inout JSONWriter, _ column: Int, _ score: Score, _ softmax: Softmax?, hasLabel: Bool = true
    ) {
        if hasLabel {
            writer.member("label", weights.labels[column])
        } else {
            writer.key("label")
            writer.writeNull()
        }
        writer.key("score")
        score.write(to: &writer)
        if let softmax { writer.member("probability", Float(softmax.probability(score: Double(score)))) }
    }
}
