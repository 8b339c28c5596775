internal import LinearAlgebra
internal import Synchronization

/// A state of a model as predictions see it: immutable, complete, and safe to use from any number of threads.
///
/// A `Scorer` predicts; a state without classes has none.
public final class PublishedWeights: Sendable {
    /// The model's configuration.
    public let configuration: ModelConfiguration
    /// φ.
    public let featureMap: FeatureMap
    /// The labels in column order.
    public let labels: [Label]
    /// n_c in column order.
    public let counts: [Int]
    /// All rows learned.
    public let samples: Int
    /// The version of the state.
    public let version: Int
    /// The accuracy of the weights; nil for stored weights while R, which shows it, has not been computed.
    public let health: ViewHealth?

    /// The accuracy of the sums behind the weights; nil if `health` is.
    public let sumError: SumError?

    /// The memory of a state's weights, in doubles: they are Float32, padded to whole vectors.
    static func doubles(width: Int, classes: Double) -> Double { Double(ScoreKernel.padded(width)) / 2 * classes }

    /// The plain weights; nil while no class is known.
    let plain: WeightTable?
    /// The balanced weights, if the model's setting asks for them and they have been computed.
    public let balanced: BalancedWeights?
    /// Why there are none, if they cannot be computed.
    public let balanceUnavailable: BalanceUnavailable?
    /// What the model predicted correctly before learning it.
    public let evaluation: ProgressiveEvaluation
    /// How other ridges have done; nil if the ridge is fixed, or has no candidates yet.
    public let ridgeRace: RidgeRaceSummary?
    private let residuals: PublishedNovelty
    /// The novelty of rows of known classes before they were learned.
    public let noveltyQuantiles: NoveltyQuantiles
    private let plainCalibration: Calibration?
    private let balancedCalibration: Calibration?
    private let plainCurve: BalanceCurve
    private let balancedCurve: BalanceCurve
    private let adjustments = Mutex(Adjustments())

    /// - Parameters:
    ///   - classifier: its current state.
    ///   - plain: its weights; nil without classes.
    init(_ classifier: Classifier, plain: WeightTable?) {
        let labels = classifier.registry.labels
        precondition(plain?.classes ?? 0 == labels.count, "weights of another shape")
        configuration = classifier.configuration
        featureMap = classifier.featureMap
        self.labels = labels
        counts = classifier.counts
        samples = classifier.samples
        version = classifier.version
        health = classifier.health
        // Every column that scores needs a label.
        balanced = classifier.balanced.flatMap { $0.classCount <= labels.count ? $0 : nil }
        balanceUnavailable = classifier.balanceUnavailable
        evaluation = classifier.evaluation
        plainCalibration = classifier.calibration(of: .plain)
        balancedCalibration = classifier.calibration(of: .balanced)
        plainCurve = classifier.curve(of: .plain)
        balancedCurve = classifier.curve(of: .balanced)
        sumError = classifier.sumError
        ridgeRace = classifier.core.race?.summary
        noveltyQuantiles = classifier.noveltyRecorder.quantiles
        residuals = PublishedNovelty(
            classifier.core.view.readout.moment, classifier.core.view.readout.intercept.shownSums, counts: counts,
            isIllConditioned: classifier.health.isIllConditioned)
        self.plain = plain
    }

    /// - Parameters:
    ///   - state: a saved state.
    ///   - featureMap: its map.
    ///   - plain: its weights; nil without classes.
    ///   - balanced: its balanced weights.
    ///   - moment: the residual moment of its weights, if it was computed.
    init(
        stored state: SavedState, featureMap: FeatureMap, plain: WeightTable?, balanced: BalancedWeights?, moment: ResidualMoment
    ) throws(RestoreError) {
        precondition(plain?.classes ?? 0 == state.labels.count, "weights of another shape")
        configuration = state.configuration
        self.featureMap = featureMap
        labels = state.labels
        counts = state.counts
        samples = state.samples
        version = state.version
        health = nil
        // Every column that scores needs a label.
        self.balanced = balanced.flatMap { $0.classCount <= state.labels.count ? $0 : nil }
        balanceUnavailable = nil
        evaluation = state.evaluation ?? ProgressiveEvaluation()
        // As `Classifier.calibration(of:)`.
        let isCalibrated = state.labels.count >= 2
        plainCalibration = isCalibrated ? Calibrator.calibration(of: state.calibration) : nil
        balancedCalibration = isCalibrated && balanced != nil ? Calibrator.calibration(of: state.balancedCalibration) : nil
        plainCurve = try state.curve(of: .plain)
        balancedCurve = try state.curve(of: .balanced)
        sumError = nil
        ridgeRace = nil
        noveltyQuantiles = NoveltyQuantiles(state.novelty)
        residuals = PublishedNovelty(moment, nil, counts: state.counts, isIllConditioned: false)
        self.plain = plain
    }

    // MARK: Which weights

    /// The number of classes.
    public var classCount: Int { labels.count }

    /// The weights that predict by default: the balanced ones if there are any, otherwise the plain ones.
    public var defaultWeights: WeightsKind { balanced == nil ? .plain : .balanced }

    /// The version that the balanced weights were computed from, at most `version`; nil if there are none.
    public var balancedVersion: Int? { balanced?.version }

    /// How the scores of these weights become probabilities; nil until enough rows were seen, see `Calibration`.
    public func calibration(of kind: WeightsKind) -> Calibration? { kind == .plain ? plainCalibration : balancedCalibration }

    /// What these weights got right at each balance before the rows were learned; see `BalanceCurve`.
    public func curve(of kind: WeightsKind) -> BalanceCurve { kind == .plain ? plainCurve : balancedCurve }

    /// A scorer for the requested weights.
    ///
    /// - Parameter wish: nil for the model's default.
    /// - Returns: nil while no class is known, or if balanced weights are requested while there are none.
    public func scorer(_ wish: WeightsKind? = nil) -> Scorer? {
        if let balanced, wish != .plain { return Scorer(self, .balanced, balanced.table, balanced.rule) }
        guard wish != .balanced else { return nil }
        return plain.map { Scorer(self, .plain, $0) }
    }

    // MARK: Balance

    /// What requests for a balance have computed: log π of each set of weights, and the last balance, which most requests share.
    private struct Adjustments {
        var plain = Kept()
        var balanced = Kept()

        struct Kept {
            var prior: ClassPrior?
            var latest: (balance: Double, adjustment: PriorAdjustment?)?
        }
    }

    /// The adjustment of scores of these weights for a target.
    ///
    /// - Returns: nil if nothing is to be added: for balance 0, and while no temperature is known or no class has rows.
    /// - Complexity: O(1) if the last call for these weights had the same balance; otherwise O(C).
    public func adjustment(_ target: PriorTarget, of kind: WeightsKind) -> PriorAdjustment? {
        guard target != .balance(0), let temperature = calibration(of: kind)?.temperature else { return nil }
        return adjustments.withLock { adjustments in
            let place = kind == .plain ? \Adjustments.plain : \Adjustments.balanced
            if case .balance(let balance) = target, let latest = adjustments[keyPath: place].latest, latest.balance == balance {
                return latest.adjustment
            }
            let prior = adjustments[keyPath: place].prior ?? makePrior(kind)
            adjustments[keyPath: place].prior = prior
            let adjustment = PriorAdjustment(target, from: prior, temperature: temperature)
            if case .balance(let balance) = target { adjustments[keyPath: place].latest = (balance, adjustment) }
            return adjustment
        }
    }

    private func makePrior(_ kind: WeightsKind) -> ClassPrior {
        let known = kind == .plain ? counts.count : balanced?.classCount ?? 0
        return ClassPrior(counts: counts.prefix(known), exponent: ClassPrior.exponent(of: kind, configuration.imbalance))
    }

    // MARK: Novelty

    /// The novelty of rows under the plain weights, or why there is none.
    ///
    /// - Complexity: C³ for the first call of all on this state, then O(1).
    public var novelty: Result<NoveltyMeasure, NoveltyGap> { residuals.result }

    /// Whether there is a novelty as far as is known without computing it.
    public var mayHaveNovelty: Bool { residuals.mayExist }

    /// The multiply-adds for the novelty of this many rows, including those of the first call of `novelty`.
    public func noveltyCost(rows: Int) -> Int { residuals.cost(rows: rows) }

    /// Whether rows must be read and scored in Float64, because Float32 would lose digits of the plain or the balanced weights or
    /// of the rows multiplied with them.
    public var needsDouble: Bool { plain?.exact != nil || balanced?.table.exact != nil }

    /// The memory of the weights in Float64, which `ModelConfiguration.estimatedBytes` does not count: 0 for most models.
    public var exactBytes: Int { (plain?.exactBytes ?? 0) + (balanced?.table.exactBytes ?? 0) }

    /// Bytes that the model holds between requests; nil if the number does not fit a 64-bit integer.
    public var estimatedBytes: Int? {
        let beside = labels.reduce(exactBytes) { $0 + $1.heapBytes }
        guard let (bytes, overflow) = configuration.estimatedBytes(classes: classCount)?.addingReportingOverflow(beside) else {
            return nil
        }
        return overflow ? nil : bytes
    }

    /// Wᵀ of the plain weights, in Float32.
    var transposedWeights: [Float] { plain?.transposed.withUnsafeBufferPointer { Array($0) } ?? [] }

    /// Classifies rows: the simple way for programs that embed the classifier.
    ///
    /// - Parameters:
    ///   - features: n·d values, row after row.
    ///   - weights: which weights; nil for the model's default.
    ///   - target: the class shares to assume; nil for the model's default balance.
    /// - Returns: the label with the highest score for each row (the earliest of equal ones); empty while no class is known.
    public func predict(
        _ features: [Float], weights: WeightsKind? = nil, target: PriorTarget? = nil
    ) -> [(label: Label, score: Float)] {
        guard let scorer = scorer(weights) else { return [] }
        let adjustment = adjustment(target ?? .balance(configuration.balance), of: scorer.kind)
        let dimension = featureMap.dimension
        var workspace = ScoreWorkspace()
        scorer.score(features, workspace: &workspace)
        return (0..<(features.count / dimension)).map { row in
            let range = (row * scorer.classCount)..<((row + 1) * scorer.classCount)
            return features.withUnsafeBufferPointer { features in
                let row = UnsafeBufferPointer(rebasing: features[(row * dimension)..<((row + 1) * dimension)])
                let isCarried = workspace.scores.withUnsafeBufferPointer { scorer.isCarried(row, UnsafeBufferPointer(rebasing: $0[range])) }
                if needsDouble || !isCarried {
                    scorer.scoreInDouble(row, workspace: &workspace)
                    if let adjustment { workspace.adjustExact(by: adjustment) }
                    let best = Self.best(workspace.exactScores[...])
                    let bound = Double(Float.greatestFiniteMagnitude)
                    return (labels[best], Float(min(max(workspace.exactScores[best], -bound), bound)))
                }
                if let adjustment { workspace.adjust(from: range.lowerBound, by: adjustment) }
                let best = Self.best(workspace.scores[range])
                return (labels[best - range.lowerBound], workspace.scores[best])
            }
        }
    }

    private static func best<Score: Comparable>(_ scores: ArraySlice<Score>) -> Int {
        var best = scores.startIndex
        for place in scores.indices where scores[place] > scores[best] { best = place }
        return best
    }
}
