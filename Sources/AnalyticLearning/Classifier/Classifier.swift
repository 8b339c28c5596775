public import LinearAlgebra

/// An online classifier whose weights equal those of one joint ridge regression over everything it has learned, in whatever order and
/// batches it came.
///
/// ```swift
/// let classifier = try Classifier(ModelConfiguration(dimension: 2))
/// try classifier.learn(features: [0, 1, 1, 0], labels: ["up", "right"])
/// let weights = classifier.publish()
/// weights?.predict([0.1, 0.9])[0].label  // "up"
/// ```
///
/// It does no I/O, reads no clock and starts no thread. It belongs to one thread at a time; what `publish` returns may be used by all.
public final class Classifier {
    /// What the model is.
    public internal(set) var configuration: ModelConfiguration
    /// φ.
    public let featureMap: FeatureMap
    /// Which label stands in which column.
    public internal(set) var registry = ClassRegistry()
    /// The number of states since the model began; each block of learned requests makes one, and so does every other change.
    public internal(set) var version = 0
    /// What the model got right before it learned it. It is history: unlearning and merging do not change it.
    public internal(set) var evaluation: ProgressiveEvaluation
    /// The most bytes the model may hold, by `ModelConfiguration.estimatedBytes`: what would take more is refused as out of memory.
    package var memoryLimit = Int.max
    /// The balanced weights as last made; they may lag behind.
    public internal(set) var balanced: BalancedWeights?
    /// What makes probabilities of the plain weights' scores and, where there are balanced weights, of theirs.
    let calibrator = Calibrator()
    let balancedCalibrator = Calibrator()
    /// Counts the changes after which balanced weights that were begun before them are no longer wanted: anything but learning.
    var epoch = 0

    /// What has been learned, and the weights that follow from it.
    var core: LearningCore

    /// A classifier that has learned nothing.
    ///
    /// - Parameters:
    ///   - configuration: is validated.
    ///   - featureMap: φ, where it comes from elsewhere, as from a snapshot; must have the configuration's dimension and width.
    ///   - evaluationWindow: the rows of the evaluation's sliding window, at most `ProgressiveEvaluation.largestWindow`.
    /// - Throws: `ConfigurationError`, or `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(D + d·D).
    public init(
        _ configuration: ModelConfiguration, featureMap: FeatureMap? = nil, evaluationWindow: Int = ProgressiveEvaluation.defaultWindow
    ) throws {
        try configuration.validate()
        let map = try featureMap ?? FeatureMap(configuration)
        precondition(map.dimension == configuration.dimension && map.width == configuration.width, "another feature map")
        core = try LearningCore(map, ridge: configuration.ridge, sketchRank: configuration.sketchRank)
        evaluation = ProgressiveEvaluation(window: evaluationWindow)
        self.configuration = configuration
        self.featureMap = map
    }

    /// All rows learned.
    public var samples: Int { core.truth.samples }
    /// n_c in column order.
    public var counts: [Int] { core.truth.counts }
    /// How far the view can be trusted.
    public var health: ViewHealth { core.view.health }

    /// Requests of `rows` rows per gathering cycle, in which each gathered rank update is paid for once: a measurement of learning must
    /// cover a multiple of it.
    package func gatheringCycle(rows: Int) -> Int { core.view.cost.gatheringCycle(rows: rows) }

    // MARK: Learning

    /// Learns rows with their labels.
    ///
    /// - Parameters:
    ///   - features: n·d values, row after row; finite and at most 1e50 in magnitude.
    ///   - labels: one a row; a label not seen before becomes a class.
    /// - Returns: the share of rows that the weights before them would have classified right; nil on an empty model.
    /// - Throws: `LearnError` where the input does not fit, and then nothing has changed; `LinearAlgebraError` as `learn(features:columns:spans:)`.
    @discardableResult
    public func learn(features: [Double], labels: [String]) throws -> Double? {
        try check(features, rows: labels.count)
        guard canCount(rows: labels.count) else { throw LearnError.tooManyRows }
        let labels = try Self.labels(labels)
        let known = registry.count
        let columns = intern(labels)
        let outcome: LearnOutcome
        do {
            outcome = try features.withUnsafeBufferPointer {
                try learn(features: $0, columns: columns, spans: [RequestSpan(rows: labels.count, knownClasses: known)])
            }
        } catch {
            forgetClasses(from: known)
            throw error
        }
        return outcome.accuracy(of: 0..<labels.count, columns: columns, knownClasses: known)
    }

    /// Refuses features that do not fit.
    func check(_ features: [Double], rows: Int) throws(LearnError) {
        guard rows > 0 else { throw .noRows }
        guard features.count == rows * featureMap.dimension else {
            throw .featureCount(features.count, expected: rows * featureMap.dimension)
        }
        for (index, value) in features.enumerated() where !(abs(value) <= FeatureLimits.largestMagnitude) {
            throw .value(row: index / featureMap.dimension, column: index % featureMap.dimension, value: value)
        }
    }

    /// The labels of texts, one a row.
    static func labels(_ texts: [String]) throws(LearnError) -> [Label] {
        var labels: [Label] = []
        labels.reserveCapacity(texts.count)
        for (row, text) in texts.enumerated() {
            do throws(LabelError) { labels.append(try Label(text)) } catch { throw .label(row: row, error) }
        }
        return labels
    }

    /// The columns of labels; new labels get new columns.
    public func intern(_ labels: [Label]) -> [Int] {
        labels.map { registry.intern($0).column }
    }

    /// Forgets labels that were interned for a request that was then refused.
    public func forgetClasses(from count: Int) {
        precondition(count >= core.truth.counts.count, "classes that have been learned stay")
        registry.truncate(to: count)
    }

    /// Learns a block of requests as one: W, R, G, Q, counts and moments end where they would have ended one request after another.
    ///
    /// - Parameters:
    ///   - features: all rows of all requests; every value finite and at most 1e50 in magnitude (the caller has checked).
    ///   - columns: the interned class of each row.
    ///   - spans: the requests in order.
    /// - Throws: `LinearAlgebraError.outOfMemory` before anything has changed, where new classes find no room or pass `memoryLimit`. An error of
    ///   the solver after the truth has taken the rows is not thrown: the old weights stay, `health` says so, and the next block tries again.
    /// - Complexity: see `CostModel`.
    @discardableResult
    public func learn(
        features: UnsafeBufferPointer<Double>, columns: [Int], spans: [RequestSpan]
    ) throws(LinearAlgebraError) -> LearnOutcome {
        let rows = LabelledRows(features, columns[...], dimension: featureMap.dimension)
        precondition(spans.reduce(0) { $0 + $1.rows } == columns.count, "spans that do not cover the rows")
        let isLarge = spans.contains { $0.rows > core.view.cost.blockRows }
        try core.reserve(columns, isScoredAtOnce: isLarge, classRoom)
        let predictions = try core.learn(
            rows, spans: spans, calibrator: calibrator, balanced: BalancedScorer(balanced, balancedCalibrator))
        var row = 0
        for span in spans {
            let rows = row..<(row + span.rows)
            evaluation.record(predictions: predictions[rows], columns: columns[rows], knownClasses: span.knownClasses)
            row = rows.upperBound
        }
        version += 1
        return LearnOutcome(predictions: predictions)
    }

    /// All classes that labels have been interned for, and the memory that they may take.
    var classRoom: ClassRoom { ClassRoom(classes: registry.count, configuration: configuration, memoryLimit: memoryLimit) }

    // MARK: Publishing

    /// Weights for predictions, as they stand: immutable, and to be shared between threads.
    ///
    /// - Returns: nil where the weights are not finite even after they were solved again from the truth; such weights are never published.
    /// - Complexity: O(D·C).
    public func publish() -> PublishedWeights? {
        guard core.makeWeightsFinite() else { return nil }
        return PublishedWeights(
            configuration: configuration, featureMap: featureMap, labels: registry.labels, counts: counts, samples: samples,
            version: version, health: health, weights: core.view.readout.weights, rowNorm: core.rowNorm,
            rowComponents: { core.rowScale.components }, balanced: balanced, evaluation: evaluation, calibration: calibration(of: .plain),
            balancedCalibration: calibration(of: .balanced), sumError: sumError)
    }
}
