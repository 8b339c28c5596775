public import LinearAlgebra

/// An online classifier whose weights equal those of one joint ridge regression over everything it has learned, in any order and
/// any batches.
///
/// ```swift
/// let classifier = try Classifier(ModelConfiguration(dimension: 2))
/// try classifier.learn(features: [0, 1, 1, 0], labels: ["up", "right"])
/// let weights = classifier.publish()
/// weights?.predict([0.1, 0.9])[0].label  // "up"
/// ```
///
/// It does no I/O, reads no clock and starts no thread. Only one thread may use it at a time; any thread may use what `publish`
/// returns.
public final class Classifier {
    /// The model's configuration.
    public internal(set) var configuration: ModelConfiguration
    /// φ.
    public var featureMap: FeatureMap { core.featureMap }
    /// The label of each column.
    public internal(set) var registry = ClassRegistry()
    /// The number of states since the model began. Each block of learned requests adds one, and so does every other change.
    public internal(set) var version = 0
    /// What the model would have predicted correctly by default before learning it. Unlearning and merging do not change it.
    public internal(set) var evaluation: ProgressiveEvaluation
    /// The most bytes the model may hold, by `ModelConfiguration.estimatedBytes`; changes that exceed it fail as out of memory.
    package var memoryLimit = Int.max
    /// The latest balanced weights; they may lag behind.
    public internal(set) var balanced: BalancedWeights?
    /// Why the latest state that was tried has none.
    public internal(set) var balanceUnavailable: BalanceUnavailable?
    /// Tests the scores of the plain weights before rows are learned; a second one those of the balanced weights.
    let plainTest = ProgressiveTest(areWeightsFixed: false)
    let balancedTest = ProgressiveTest(areWeightsFixed: true)
    /// Measures the novelty of rows of known classes.
    let noveltyRecorder = NoveltyRecorder()
    /// Counts changes other than learning. Balanced weights begun before such a change are obsolete.
    var epoch = 0

    /// What has been learned, and the weights that follow from it.
    var core: LearningCore
    /// The weights as they were published.
    private var tables = WeightTables()

    /// An empty classifier.
    ///
    /// - Parameters:
    ///   - configuration: is validated.
    ///   - featureMap: φ, if it already exists, for example in a snapshot; must have the configuration's dimension and width.
    ///   - evaluationWindow: the size of the evaluation's sliding window in rows, at most `ProgressiveEvaluation.largestWindow`.
    /// - Throws: `ConfigurationError`, or `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(D + d·D).
    public init(
        _ configuration: ModelConfiguration, featureMap: FeatureMap? = nil, evaluationWindow: Int = ProgressiveEvaluation.defaultWindow
    ) throws {
        try configuration.validate()
        let map = try featureMap ?? FeatureMap(configuration)
        precondition(map.dimension == configuration.dimension && map.width == configuration.width, "another feature map")
        core = try LearningCore(
            map, ridge: configuration.ridge, sketchRank: configuration.sketchRank,
            intercept: configuration.intercept)
        evaluation = ProgressiveEvaluation(window: evaluationWindow)
        self.configuration = configuration
    }

    /// All rows learned.
    public var samples: Int { core.truth.samples }
    /// n_c in column order.
    public var counts: [Int] { core.truth.counts }
    /// The accuracy of the view.
    public var health: ViewHealth { core.view.health }

    /// Requests of `rows` rows per gathering cycle, which pays for each gathered rank update once. A measurement of learning must
    /// cover a multiple of it.
    package func gatheringCycle(rows: Int) -> Int { core.view.cost.gatheringCycle(rows: rows) }

    // MARK: Learning

    /// Learns rows with their labels.
    ///
    /// - Parameters:
    ///   - features: n·d values, row after row; finite and at most 1e50 in magnitude.
    ///   - labels: one per row; an unknown label becomes a new class.
    /// - Returns: the share of rows that the weights classified correctly before learning them; nil on an empty model.
    /// - Throws: `LearnError` if the input does not fit, with nothing changed; `LinearAlgebraError` as in
    ///   `learn(features:columns:spans:)`.
    @discardableResult
    public func learn(features: [Double], labels: [String]) throws -> Double? {
        try check(features, rows: labels.count)
        guard canCount(rows: labels.count) else { throw LearnError.tooManyRows }
        do throws(ScaleError) {
            _ = try features.withUnsafeBufferPointer { (rows) throws(ScaleError) in try scale(for: rows) }
        } catch { throw LearnError.scale(error) }
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

    /// Throws if the features do not fit.
    func check(_ features: [Double], rows: Int) throws(LearnError) {
        guard rows > 0 else { throw .noRows }
        guard features.count == rows * featureMap.dimension else {
            throw .featureCount(features.count, expected: rows * featureMap.dimension)
        }
        for (index, value) in features.enumerated() where !(abs(value) <= FeatureLimits.largestMagnitude) {
            throw .value(row: index / featureMap.dimension, column: index % featureMap.dimension, value: value)
        }
    }

    /// Labels from texts, one per row.
    static func labels(_ texts: [String]) throws(LearnError) -> [Label] {
        var labels: [Label] = []
        labels.reserveCapacity(texts.count)
        for (row, text) in texts.enumerated() {
            do throws(LabelError) { labels.append(try Label(text)) } catch { throw .label(row: row, error) }
        }
        return labels
    }

    /// The columns of labels; unknown labels get new columns.
    public func intern(_ labels: [Label]) -> [Int] {
        labels.map { registry.intern($0).column }
    }

    /// Forgets labels interned for a request that was then refused.
    public func forgetClasses(from count: Int) {
        precondition(count >= core.truth.counts.count, "classes that have been learned stay")
        registry.truncate(to: count)
    }

    /// Learns a block of requests at once: W, R, G, Q, counts and moments end as if the requests had been learned one after
    /// another.
    ///
    /// - Parameters:
    ///   - features: all rows of all requests; every value finite and at most 1e50 in magnitude (the caller has checked).
    ///   - columns: the interned class of each row.
    ///   - spans: the requests in order.
    ///   - isForLater: whether the weights may lag behind until `catchUp`; see the page Evaluation.
    /// - Precondition: if the map still needs a scale, the rows of the first request have one: the caller has called `scale(for:)`.
    /// - Throws: `LinearAlgebraError.outOfMemory`, with nothing changed, if there is no room for new classes or they exceed
    ///   `memoryLimit`. A solver error after the truth has the rows is not thrown: the old weights stay, `health` says so, and the
    ///   next block tries again.
    /// - Complexity: see `CostModel`.
    @discardableResult
    public func learn(
        features: UnsafeBufferPointer<Double>, columns: [Int], spans: [RequestSpan], isForLater: Bool = false
    ) throws(LinearAlgebraError) -> LearnOutcome {
        let outcome = try learn(features: features, columns: columns, spans: spans, isForLater: isForLater) { true }
        guard let outcome else { preconditionFailure("confirmed rows are not learned") }
        return outcome
    }

    /// The same, if `confirm` says so once the work that changes nothing is done: for a few rows, that is most of it.
    ///
    /// - Parameter confirm: called once, unless this throws first.
    /// - Returns: nil, with nothing changed, if the rows were not confirmed.
    package func learn(
        features: UnsafeBufferPointer<Double>, columns: [Int], spans: [RequestSpan], isForLater: Bool, confirm: () -> Bool
    ) throws(LinearAlgebraError) -> LearnOutcome? {
        guard configuration.needsScale, let first = spans.first else {
            return try learnMapped(features: features, columns: columns, spans: spans, isForLater: isForLater, confirm: confirm)
        }
        return try withScale(for: UnsafeBufferPointer(rebasing: features[..<(first.rows * featureMap.dimension)])) {
            () throws(LinearAlgebraError) in
            try learnMapped(features: features, columns: columns, spans: spans, isForLater: isForLater, confirm: confirm)
        }
    }

    private func learnMapped(
        features: UnsafeBufferPointer<Double>, columns: [Int], spans: [RequestSpan], isForLater: Bool, confirm: () -> Bool
    ) throws(LinearAlgebraError) -> LearnOutcome? {
        let rows = LabelledRows(features, columns[...], dimension: featureMap.dimension)
        guard let outcome = try learn(rows, columns, spans, pace: isForLater ? .doublings : .requests, confirm: confirm) else { return nil }
        version += 1
        return outcome
    }

    /// The same for weights that are brought up to date at a pace, without a new version.
    func learn(
        _ rows: LabelledRows, _ columns: [Int], _ requests: [RequestSpan], pace: ScoringPace, confirm: () -> Bool
    ) throws(LinearAlgebraError) -> LearnOutcome? {
        precondition(requests.reduce(0) { $0 + $1.rows } == columns.count, "spans that do not cover the rows")
        let known = core.truth.counts.count
        let recorders = ScoreRecorders(test: plainTest, novelty: noveltyRecorder)
        core.refreshNovelty(recorders)
        let scorer = BalancedScorer(balanced, balancedTest)
        let spans = core.divided(requests, columns: columns, pace: pace)
        do throws(LinearAlgebraError) {
            try core.reserve(columns, spans: spans, isForLater: pace != .requests, balanced: scorer, classRoom)
        } catch {
            // Perhaps there is memory for the buffer of a block.
            guard core.wideRows > 0 else { throw error }
            core.setWideRows(0)
            try core.reserve(columns, spans: spans, isForLater: pace != .requests, balanced: scorer, classRoom)
        }
        beginTests(spans)
        let learned =
            pace != .requests
            ? confirm() ? try core.load(rows, spans: spans, pace: pace, recorders: recorders, balanced: scorer) : nil
            : try core.learn(rows, spans: spans, recorders: recorders, balanced: scorer, confirm: confirm)
        guard let predictions = learned else {
            core.dropClasses(from: known)
            return nil
        }
        let test = scorer == nil ? plainTest : balancedTest
        var row = 0
        for span in spans {
            let rows = row..<(row + span.rows)
            evaluation.record(predictions: test.served[rows], columns: columns[rows], knownClasses: span.knownClasses)
            row = rows.upperBound
        }
        return LearnOutcome(predictions: predictions, served: pace == .requests ? test.servedEarlier : test.served)
    }

    /// Prepares both tests for the rows of some requests, for which there is room.
    ///
    /// While there are balanced weights to race against, both count the same rows.
    private func beginTests(_ spans: [RequestSpan]) {
        let areBothReady =
            balanced != nil && plainTest.calibrator.inverseTemperature != nil && balancedTest.calibrator.inverseTemperature != nil
        let isAlone = balancedTest.curve.samples == 0
        for (test, kind, isRacing) in [(plainTest, WeightsKind.plain, areBothReady || isAlone), (balancedTest, .balanced, areBothReady)] {
            test.begin(
                spans, counts: counts, firstRow: samples, exponent: ClassPrior.exponent(of: kind, configuration.imbalance),
                balance: configuration.balance, isRacing: isRacing, isRestarting: isAlone && areBothReady)
        }
    }

    /// About how many multiply-adds `learn` does before it asks for confirmation, if the rows are not for later.
    package func operationsBeforeConfirmation(spans: [RequestSpan]) -> Double {
        guard !core.isBehind, let first = spans.first, first.rows <= core.view.cost.blockRows else { return 0 }
        let rows = min(spans.reduce(0) { $0 + $1.rows }, core.view.cost.blockRows)
        let width = Double(featureMap.width)
        return Double(rows) * width * (width + (featureMap.isIdentity ? 0 : Double(featureMap.dimension)))
    }

    /// All classes with interned labels, and the memory they may take.
    var classRoom: ClassRoom { ClassRoom(classes: registry.count, configuration: configuration, memoryLimit: memoryLimit) }

    // MARK: Publishing

    /// The current weights for predictions: immutable, shareable between threads.
    ///
    /// - Returns: nil if the weights are not finite even after solving again from the truth; such weights are never published.
    /// - Complexity: O(D·C); O(D + C) if the weights are those published last.
    public func publish() -> PublishedWeights? {
        guard !registry.labels.isEmpty else { return PublishedWeights(self, plain: nil) }
        core.settle()
        if let table = tables.table(of: core) { return PublishedWeights(self, plain: table) }
        guard core.makeWeightsFinite() else { return nil }
        core.settle()
        guard let table = tables.table(of: core) else { return nil }
        return PublishedWeights(self, plain: table)
    }
}
