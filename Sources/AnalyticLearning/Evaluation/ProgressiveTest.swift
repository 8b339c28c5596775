/// Test-then-train of one set of weights: from each row's scores before the row was learned, fits the temperature, counts what every
/// balance would have got right, and notes what `predict` would have answered.
///
/// Temperature and class shares are those at the beginning of a row's request, or of its part of one, as its prediction would have had.
/// The results depend on the requests and their order, not on how blocks group them. It is a reference because several scorers share it;
/// it belongs to its classifier's thread.
final class ProgressiveTest {
    let calibrator = Calibrator()
    /// The figures at each balance.
    var curve = BalanceCurve()
    /// The column that `predict` would have answered for each row since `begin`; −1 if no class was known.
    private(set) var served: [Int] = []
    /// The same, but before the whole request if it is divided.
    private(set) var servedEarlier: [Int] = []

    private var spans: [RequestSpan] = []
    /// The request that comes next, and the rows left of the current one.
    private var (next, left) = (0, 0)
    private var knownClasses = 0
    /// The labels of the current request: they count in the next one's shares.
    private var labels: [Int] = []
    private var prior = RunningPrior()
    private var isSettled = false
    private var balance = 0.0
    private var isRacing = false
    /// Whether the curve begins again with the next row.
    private var isRestarting = false
    /// The row's number in the stream.
    private var row = 0
    private var inverseTemperature: Double?
    /// Whether the weights stay the same while a request is learned in parts; otherwise `recordEarlier` has the scores of those before.
    private let areWeightsFixed: Bool
    /// What counted before the current request, if it is divided.
    private var earlier: Earlier?

    private struct Earlier {
        var knownClasses: Int
        var prior: RunningPrior
        var inverseTemperature: Double?
    }

    init(areWeightsFixed: Bool) { self.areWeightsFixed = areWeightsFixed }

    /// Prepares for the rows of some requests. Nothing that lasts changes before the first of them.
    ///
    /// - Parameters:
    ///   - counts: n_c before them, of all classes including new ones.
    ///   - firstRow: the number of rows learned before them.
    ///   - exponent: see `ClassPrior.exponent`.
    ///   - balance: the model's default.
    ///   - isRacing: whether the rows count in the curve.
    ///   - isRestarting: whether the curve begins again with them.
    /// - Complexity: O(C).
    func begin(
        _ spans: [RequestSpan], counts: [Int], firstRow: Int, exponent: Double, balance: Double, isRacing: Bool, isRestarting: Bool
    ) {
        self.spans = spans
        (next, left, row) = (0, 0, firstRow)
        labels.removeAll(keepingCapacity: true)
        served.removeAll(keepingCapacity: true)
        servedEarlier.removeAll(keepingCapacity: true)
        earlier = nil
        prior.begin(counts, exponent: exponent)
        self.balance = balance
        self.isRacing = isRacing
        self.isRestarting = isRestarting
    }

    /// Uses the next row.
    ///
    /// - Parameters:
    ///   - scores: scores of the known classes, in column order.
    ///   - label: the true column.
    ///   - best: the first column with the highest score; −1 if there is none.
    /// - Complexity: that of `Calibrator.record`, and O(C) with one exponential per class.
    func record(_ scores: UnsafeBufferPointer<Double>, label: Int, best: Int) {
        beginRow()
        var answer = best
        if best >= 0, let inverseTemperature {
            if balance != 0 {
                settle(scores.count)
                answer = prior.best(scores, factor: balance / inverseTemperature)
            }
            if isRacing, scores.count >= 2, isChosen {
                settle(scores.count)
                let result = BalanceRow(scores, best: best, label: label, inverseTemperature: inverseTemperature, prior)
                if let result { curve.add(result, label: label, isKnown: label < scores.count) }
            }
        }
        served.append(answer)
        if let earlier {
            if earlier.knownClasses == 0 {
                servedEarlier.append(-1)
            } else if areWeightsFixed {
                recordEarlier(scores, best: best)
            }
        } else {
            servedEarlier.append(answer)
        }
        calibrator.record(scores, label: label)
        endRow(label)
    }

    /// Uses the next row, whose best score is not known yet.
    func record(_ scores: UnsafeBufferPointer<Double>, label: Int) {
        var (best, highest) = (-1, -Double.infinity)
        for (column, value) in scores.enumerated() where value > highest { (best, highest) = (column, value) }
        record(scores, label: label, best: best)
    }

    /// Notes what would have been answered before the current request, which is divided.
    ///
    /// - Parameters:
    ///   - scores: of the classes known then, by the weights of then.
    ///   - best: as of `record`.
    func recordEarlier(_ scores: UnsafeBufferPointer<Double>, best: Int) {
        guard best >= 0, balance != 0, let earlier, let inverseTemperature = earlier.inverseTemperature else {
            return servedEarlier.append(best)
        }
        servedEarlier.append(earlier.prior.best(scores, factor: balance / inverseTemperature))
    }

    /// Passes over rows without scores.
    func skip(_ labels: ArraySlice<Int>) {
        for label in labels {
            beginRow()
            served.append(-1)
            servedEarlier.append(-1)
            endRow(label)
        }
    }

    private func beginRow() {
        guard left == 0, next < spans.count else { return }
        if isRestarting { curve = BalanceCurve() }
        isRestarting = false
        left = spans[next].rows
        knownClasses = spans[next].knownClasses
        inverseTemperature = calibrator.inverseTemperature
        if !spans[next].isLaterPart {
            earlier = nil
            if next + 1 < spans.count, spans[next + 1].isLaterPart {
                if balance != 0 { prior.settle(classes: knownClasses) }
                earlier = Earlier(knownClasses: knownClasses, prior: prior, inverseTemperature: inverseTemperature)
            }
        }
        next += 1
        isSettled = false
    }

    private func endRow(_ label: Int) {
        row += 1
        left -= 1
        labels.append(label)
        guard left == 0 else { return }
        for label in labels { prior.add(label) }
        labels.removeAll(keepingCapacity: true)
        curve.noteHistory()
    }

    private func settle(_ classes: Int) {
        if !isSettled { prior.settle(classes: classes) }
        isSettled = true
    }

    /// Whether the row counts in the curve: the same choice for all weights.
    private var isChosen: Bool { Calibrator.isChosen(UInt64(row), classes: knownClasses) }

    /// Forgets everything, because the scores have changed.
    func reset() {
        calibrator.reset()
        curve = BalanceCurve()
    }
}
