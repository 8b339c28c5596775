internal import LinearAlgebra

/// Measures the novelty of rows of known classes before they are learned.
///
/// P costs C³, so it is computed again only when the stream has grown by a twentieth; the novelty is then scaled by the rows that P
/// knows. It depends on the rows and their blocks, not on time. It is a reference because several scorers share it; it belongs to its
/// classifier's thread.
final class NoveltyRecorder {
    private(set) var quantiles = NoveltyQuantiles()
    /// Rows that could have been used, whether or not they were.
    private var offered = 0
    private var measure: NoveltyMeasure?
    /// The labelled rows when P was last computed, or could not be.
    private var measuredRows = 0.0
    private var scratch: [Double] = []

    /// Computes P of the weights that are about to score rows, if it is due.
    ///
    /// - Parameters:
    ///   - moment: of these weights.
    ///   - intercepts: of these weights, if they have any.
    ///   - width: D, which says what learning a row costs.
    /// - Complexity: O(1), or C³.
    func refresh(_ moment: ResidualMoment, _ intercepts: InterceptSums?, width: Int, isIllConditioned: Bool) {
        guard moment.isKnown, !isIllConditioned else { return measure = nil }
        let classes = Double(moment.classes)
        // At most about a hundredth of the work of learning these rows, 4D² each.
        let paid = classes * classes * classes / Double(width * width + 1 << 16) * 2
        guard moment.rows - measuredRows >= max(1, measuredRows / 20, paid) else { return }
        measuredRows = moment.rows
        measure = try? NoveltyMeasure(moment, intercepts)
    }

    /// Uses a row.
    ///
    /// Skips rows with labels that the measure does not know, and one that is not finite.
    ///
    /// - Parameters:
    ///   - scores: scores of the known classes, in column order.
    ///   - label: the true column.
    /// - Complexity: O(C²) for one row in ⌈C/128⌉.
    func record(_ scores: UnsafeBufferPointer<Double>, label: Int) {
        guard let measure, scores.count >= measure.classes, measure.knows(label), offered < Calibrator.maximumOffered else { return }
        offered += 1
        guard Calibrator.isChosen(UInt64(offered), classes: scores.count), let novelty = measure.novelty(scores, scratch: &scratch) else {
            return
        }
        let scaled = novelty * measure.rows
        if scaled.isFinite { quantiles.add(scaled) }
    }

    /// Forgets P: classes have gone, or rows have come or gone without being scored.
    func forgetMeasure() { (measure, measuredRows) = (nil, 0) }

    /// Forgets everything, because the scores have changed.
    func reset() {
        forgetMeasure()
        (quantiles, offered) = (NoveltyQuantiles(), 0)
    }

    /// Reduces the weight of the rows so far.
    func fade(to share: Double) {
        forgetMeasure()
        if share < 1 { quantiles.fade(to: share) }
    }

    /// The saved form; nil if no row was offered.
    var state: NoveltyState? { offered > 0 ? NoveltyState(offered: offered, quantiles) : nil }

    /// Continues from a checked state.
    func restore(_ state: NoveltyState?) {
        reset()
        guard let state else { return }
        offered = Int(state.values[0])
        quantiles = NoveltyQuantiles(state)
    }
}

/// What follows the plain weights' scores of rows that are not learned yet.
struct ScoreRecorders {
    let test: ProgressiveTest
    let novelty: NoveltyRecorder

    /// Uses a row; see both.
    ///
    /// - Parameter best: the first column with the highest score; −1 if there is none.
    func record(_ scores: UnsafeBufferPointer<Double>, label: Int, best: Int) {
        test.record(scores, label: label, best: best)
        novelty.record(scores, label: label)
    }
}
