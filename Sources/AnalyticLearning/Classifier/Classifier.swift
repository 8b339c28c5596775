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

    var square: SymmetricPair
    var truth: Truth
    var view: RecursiveView

    /// Mapped rows; several identity rows are not copied.
    var h: Matrix
    var groups = ClassGroups()
    private var scores: Matrix
    var mustSolve = false

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
        var square = try SymmetricPair(dimension: map.width)
        view = try RecursiveView(width: map.width, ridge: configuration.ridge, square: &square)
        truth = try Truth(width: map.width, dimension: map.dimension, sketchRank: configuration.sketchRank)
        h = try Matrix(rows: map.width, columns: 0, columnCapacity: map.isIdentity ? 1 : CostModel(width: map.width).blockRows)
        scores = try Matrix(rows: 0, columns: 0)
        self.square = square
        evaluation = ProgressiveEvaluation(window: evaluationWindow)
        self.configuration = configuration
        self.featureMap = map
    }

    /// All rows learned.
    public var samples: Int { truth.samples }
    /// n_c in column order.
    public var counts: [Int] { truth.counts }
    /// How far the view can be trusted.
    public var health: ViewHealth { view.health }

    /// Requests of `rows` rows per gathering cycle, in which each gathered rank update is paid for once: a measurement of learning must
    /// cover a multiple of it.
    package func gatheringCycle(rows: Int) -> Int { view.cost.gatheringCycle(rows: rows) }

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
        precondition(count >= truth.counts.count, "classes that have been learned stay")
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
        precondition(features.count == columns.count * featureMap.dimension, "features and labels of different length")
        precondition(spans.reduce(0) { $0 + $1.rows } == columns.count, "spans that do not cover the rows")
        let cost = view.cost
        let isLarge = spans.contains { $0.rows > cost.blockRows }
        try prepare { () throws(LinearAlgebraError) in try reserve(columns, scoredRows: isLarge ? accumulatedRows : cost.blockRows) }
        var predictions: [Int] = []
        predictions.reserveCapacity(columns.count)
        var row = 0
        var index = 0
        while index < spans.count {
            var end = index + 1
            var rows = spans[index].rows
            while end < spans.count, rows + spans[end].rows <= cost.blockRows {
                rows += spans[end].rows
                end += 1
            }
            let block = columns[row..<(row + rows)]
            let values = UnsafeBufferPointer(rebasing: features[(row * featureMap.dimension)..<((row + rows) * featureMap.dimension)])
            var scorer = ProgressiveScorer(spans: spans[index..<end], calibrator: calibrator)
            if rows <= cost.blockRows {
                try learnBlock(values, block, &scorer, isNew: true)
            } else {
                try learnLarge(values, block, &scorer)
            }
            predictions.append(contentsOf: scorer.predictions)
            row += rows
            index = end
        }
        row = 0
        for span in spans {
            let rows = row..<(row + span.rows)
            evaluation.record(predictions: predictions[rows], columns: columns[rows], knownClasses: span.knownClasses)
            row = rows.upperBound
        }
        version += 1
        return LearnOutcome(predictions: predictions)
    }

    /// Makes room for everything that learning needs, so that nothing can fail half-way. A part of `prepare`.
    ///
    /// - Parameter scoredRows: how many rows are scored at once.
    func reserve(_ columns: [Int], scoredRows: Int) throws(LinearAlgebraError) {
        let rows = min(columns.count, view.cost.blockRows)
        if !featureMap.isIdentity { try h.reshapeScratch(columns: rows) }
        try scores.reshapeScratch(rows: min(columns.count, scoredRows), columns: registry.count)
        try reserve(classes: registry.count, rows: rows, columns: columns)
    }

    /// Makes room for classes, and for rows of some of them; if there is none, `prepare` drops the new ones.
    func reserve(classes: Int, rows: Int, columns: [Int]) throws(LinearAlgebraError) {
        if memoryLimit < .max, classes > truth.counts.count {
            let bytes = configuration.estimatedBytes(classes: classes) ?? .max
            guard bytes <= memoryLimit else { throw .outOfMemory(bytes: bytes) }
        }
        try view.reserve(rows: rows, classes: classes)
        try truth.setClasses(classes)
        try truth.sketches.reserve(rows: rows, columns: columns)
    }

    /// Rows that fit one block of the recursion.
    ///
    /// - Parameter isNew: whether the balanced weights have not scored the rows yet and are to be calibrated by them.
    func learnBlock(
        _ x: UnsafeBufferPointer<Double>, _ columns: ArraySlice<Int>, _ scorer: inout ProgressiveScorer, isNew: Bool = false
    ) throws(LinearAlgebraError) {
        try featureMap.withMapped(x, buffer: &h) { (h) throws(LinearAlgebraError) in
            if isNew { try calibrateBalanced(h, columns) }
            if mustSolve {
                try scoreRows(h, &scorer, columns)
                accumulate(x, h, columns)
                return solve()
            }
            do {
                try view.learn(h: h, columns: columns, progress: &scorer, square: &square, truth: &truth) { truth in
                    truth.add(x: x, h: h, columns: columns, groups: &groups)
                }
            } catch {
                mustSolve = true
            }
        }
    }

    /// One request of many rows: scored first, then accumulated and solved once, or passed through the recursion in parts.
    private func learnLarge(
        _ x: UnsafeBufferPointer<Double>, _ columns: ArraySlice<Int>, _ scorer: inout ProgressiveScorer
    ) throws(LinearAlgebraError) {
        guard columns.count >= view.cost.bulkRows || mustSolve else {
            try forEachPart(of: x, columns) { (values, part) throws(LinearAlgebraError) in
                try featureMap.withMapped(values, buffer: &h) { (h) throws(LinearAlgebraError) in
                    try scoreRows(h, &scorer, part)
                    try calibrateBalanced(h, part)
                }
            }
            var unused = ProgressiveScorer(spans: [])
            return try forEachPart(of: x, columns) { (values, part) throws(LinearAlgebraError) in
                try learnBlock(values, part, &unused)
            }
        }
        try forEachPart(of: x, columns, rows: accumulatedRows) { (values, part) throws(LinearAlgebraError) in
            try featureMap.withMapped(values, buffer: &h) { (h) throws(LinearAlgebraError) in
                try calibrateBalanced(h, part)
                try multiplyScores(h)
                accumulate(values, h, part, scoring: &scorer)
            }
        }
        solve()
    }

    /// Adds the mapped rows to the truth and to G, without touching R or W.
    func accumulate(_ x: UnsafeBufferPointer<Double>, _ h: borrowing Matrix, _ columns: ArraySlice<Int>) {
        truth.add(x: x, h: h, columns: columns, groups: &groups)
        view.accumulate(h: h, square: &square)
    }

    /// The same, and scores the rows, of which `scores` has the products.
    private func accumulate(
        _ x: UnsafeBufferPointer<Double>, _ h: borrowing Matrix, _ columns: ArraySlice<Int>, scoring scorer: inout ProgressiveScorer
    ) {
        let cost = view.cost.sumOperations(rows: columns.count, classes: registry.count)
        // Sketches may be as much work as G is, and of few classes scoring is less than half of the sums: threads share those then.
        guard !truth.sketches.isKept, 2 * cost.score > cost.sums else {
            truth.add(x: x, h: h, columns: columns, groups: &groups)
            return view.accumulate(h: h, square: &square) { scorer.score(scores, columns: columns) }
        }
        view.accumulate(h: h, square: &square) {
            ComputeThreads.both(operations: cost.sums + cost.score) {
                truth.add(x: x, h: h, columns: columns, groups: &groups)
            } _: {
                scorer.score(scores, columns: columns)
            }
        }
    }

    /// The rows that are accumulated at once: as many as the buffer of mapped rows holds. The identity's need none, and the more there
    /// are, the fewer times are G and the sums of each class read and written; their scores then take no more than 2 MiB, or what a block's
    /// take. What a sum of many rows loses is not compensated, so that compensated ones stay at a block.
    var accumulatedRows: Int {
        let block = view.cost.blockRows
        // Sketches have buffers of their own.
        let isPlain = featureMap.isIdentity && !truth.sketches.isKept && !SymmetricPair.isCompensated(dimension: featureMap.width)
        guard isPlain else { return block }
        return max(block, min(1024, (1 << 18) / max(1, registry.count)))
    }

    /// Calls `body` with consecutive rows and their classes, this many at a time, or as many as the recursion takes at once.
    func forEachPart(
        of x: UnsafeBufferPointer<Double>, _ columns: ArraySlice<Int>, rows: Int? = nil,
        _ body: (UnsafeBufferPointer<Double>, ArraySlice<Int>) throws(LinearAlgebraError) -> Void
    ) throws(LinearAlgebraError) {
        let rows = rows ?? view.cost.blockRows
        for start in stride(from: columns.startIndex, to: columns.endIndex, by: rows) {
            let part = columns[start..<min(start + rows, columns.endIndex)]
            let first = (start - columns.startIndex) * featureMap.dimension
            try body(UnsafeBufferPointer(rebasing: x[first..<(first + part.count * featureMap.dimension)]), part)
        }
    }

    /// Scores the mapped rows by the weights as they are.
    private func scoreRows(
        _ h: borrowing Matrix, _ scorer: inout ProgressiveScorer, _ columns: ArraySlice<Int>
    ) throws(LinearAlgebraError) {
        try multiplyScores(h)
        scorer.score(scores, columns: columns)
    }

    private func multiplyScores(_ h: borrowing Matrix) throws(LinearAlgebraError) {
        try scores.reshapeScratch(rows: h.columns, columns: view.weights.columns)
        scores.multiply(h, transposed: true, by: view.weights)
    }

    /// Shows the mapped rows' scores by the balanced weights, where there are any, to their calibrator.
    private func calibrateBalanced(_ h: borrowing Matrix, _ columns: ArraySlice<Int>) throws(LinearAlgebraError) {
        guard let balanced, balanced.classCount > 1 else { return }
        try scores.reshapeScratch(rows: h.columns, columns: balanced.classCount)
        balanced.withWeights { scores.multiply(h, transposed: true, by: $0) }
        balancedCalibrator.record(scores, columns: columns)
    }

    /// Solves the view again; if that fails, the old weights stay and the next block retries.
    func solve() {
        do {
            try view.solve(square: &square, truth: truth)
            mustSolve = false
        } catch {
            mustSolve = true
        }
    }

    // MARK: Publishing

    /// Weights for predictions, as they stand: immutable, and to be shared between threads.
    ///
    /// - Returns: nil where the weights are not finite even after they were solved again from the truth; such weights are never published.
    /// - Complexity: O(D·C).
    public func publish() -> PublishedWeights? {
        if !view.weights.isFinite { solve() }
        guard view.weights.isFinite else { return nil }
        return PublishedWeights(
            configuration: configuration, featureMap: featureMap, labels: registry.labels, counts: truth.counts, samples: truth.samples,
            version: version, health: view.health, weights: view.weights, rowNorm: view.rowNorm(of: truth.samples),
            rowComponents: { rowScale.components }, balanced: balanced, evaluation: evaluation, calibration: calibration(of: .plain),
            balancedCalibration: calibration(of: .balanced), sumError: sumError)
    }

    /// How large the mapped rows are that were learned.
    var rowScale: RowScale { RowScale(squares: view.squaredComponents(square), rows: truth.samples) }
}
