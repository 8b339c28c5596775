internal import AnalyticLearning
internal import HTTPServer
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

    private var weights: PublishedWeights { scorer.weights }

    /// The cost of the answer in multiply-adds.
    var cost: Int {
        let top = options.top.map { AnswerCost.best($0, of: scorer.classCount) } ?? 0
        let (total, overflow) = AnswerCost.total(scorer, rows: rows, row: AnswerCost.label + top)
            .addingReportingOverflow(balance.cost(rows: rows))
        return overflow ? .max : total
    }

    var adjustment: PriorAdjustment? { balance.adjustment }

    /// Scores the rows in a workspace, and writes the answer.
    ///
    /// - Parameter isWanted: called between blocks; false stops the work, for a client that has left.
    /// - Throws: 422 if the answer would be too large.
    func run(_ workspace: PredictWorkspace, _ blocks: BlockScorer, isWanted: () -> Bool = { true }) throws(Problem) {
        begin(&workspace.writer)
        if try blocks.score(rows: rows, workspace, for: self, isWanted: isWanted) { end(&workspace.writer) }
    }

    /// Writes the answer from scores that were computed with those of other predictions.
    ///
    /// - Parameter rows: the prediction's rows in the workspace, all of which are scored.
    /// - Throws: 422 if the answer would be too large.
    func run(_ workspace: PredictWorkspace, _ blocks: BlockScorer, scored rows: Range<Int>) throws(Problem) {
        begin(&workspace.writer)
        try blocks.pass(rows, scoredFrom: 0, numberedFrom: rows.lowerBound, workspace, to: self)
        end(&workspace.writer)
    }

    /// The same for rows that do not fit Float32.
    func run(_ features: [Double], _ workspace: PredictWorkspace, isWanted: () -> Bool = { true }) throws(Problem) {
        begin(&workspace.writer)
        let blocks = BlockScorer(scorer, useBLAS: false)
        if try blocks.score(features, rows: rows, workspace, for: self, isWanted: isWanted) { end(&workspace.writer) }
    }

    func take<Score: ClassScore>(_ scores: UnsafeBufferPointer<Score>, ofRow row: Int, _ workspace: PredictWorkspace) throws(Problem) {
        write(&workspace.writer, &workspace.order, row, scores, calibration.map { Score.softmax(scores, $0) })
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
        writer.key("predictions")
        writer.beginArray()
    }

    private func end(_ writer: inout JSONWriter) {
        writer.endArray()
        writer.endObject()
    }

    private func write<Score: ClassScore>(
        _ writer: inout JSONWriter, _ order: inout [Int], _ row: Int, _ scores: UnsafeBufferPointer<Score>, _ softmax: Softmax?
    ) {
        let best = TopClasses.select(min(options.top ?? 1, scores.count), of: scores.count, into: &order) { scores[$0] }
        writer.beginObject()
        write(&writer, best, scores[best], softmax)
        if options.leverage { writer.member("leverage", leverages?[row]) }
        if options.top != nil {
            writer.key("top")
            writer.beginArray()
            // Ends early if the answer is too large; it is then refused after the row.
            for column in order where writer.count <= maximumBytes {
                writer.beginObject()
                write(&writer, column, scores[column], softmax)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
    }

    private func write<Score: ClassScore>(_ writer: inout JSONWriter, _ column: Int, _ score: Score, _ softmax: Softmax?) {
        writer.member("label", weights.labels[column])
        writer.key("score")
        score.write(to: &writer)
        if let softmax { writer.member("probability", Float(softmax.probability(score: Double(score)))) }
    }
}
