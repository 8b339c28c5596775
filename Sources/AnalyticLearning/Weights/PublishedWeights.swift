internal import LinearAlgebra

/// A state of a model as predictions see it: immutable, complete, and safe to use from any number of threads.
///
/// Scores are h·w_c with Float32 copies of Ω and W. Where Float32 overflows (features up to 1e50 are allowed) they are computed again in
/// Float64.
public final class PublishedWeights: Sendable {
    /// What the model is.
    public let configuration: ModelConfiguration
    /// φ.
    public let featureMap: FeatureMap
    /// The labels in column order.
    public let labels: [String]
    /// n_c in column order.
    public let counts: [Int]
    /// All rows learned.
    public let samples: Int
    /// The number of the state.
    public let version: Int
    /// How far the weights can be trusted.
    public let health: ViewHealth

    /// The plain weights.
    private let plain: WeightTable
    /// The balanced weights, where the model's setting asks for them and they have been made.
    public let balanced: BalancedWeights?
    /// What the model got right before it learned it.
    public let evaluation: ProgressiveEvaluation
    private let plainCalibration: Calibration?
    private let balancedCalibration: Calibration?

    init(
        configuration: ModelConfiguration, featureMap: FeatureMap, labels: [String], counts: [Int], samples: Int, version: Int,
        health: ViewHealth, weights: borrowing Matrix, balanced: BalancedWeights?, evaluation: ProgressiveEvaluation,
        calibration: Calibration?, balancedCalibration: Calibration?
    ) {
        precondition(weights.columns == labels.count && weights.rows == featureMap.width, "weights of another shape")
        self.configuration = configuration
        self.featureMap = featureMap
        self.labels = labels
        self.counts = counts
        self.samples = samples
        self.version = version
        self.health = health
        self.balanced = balanced
        self.evaluation = evaluation
        plainCalibration = calibration
        self.balancedCalibration = balancedCalibration
        plain = WeightTable(weights)
    }

    // MARK: Which weights

    /// The weights that predict where a caller does not say: balanced ones where there are any, else the plain ones.
    public var defaultWeights: WeightsKind { balanced == nil ? .plain : .balanced }

    /// The weights that a wish comes to: what is not there yet is replaced by the plain ones.
    ///
    /// - Parameter wish: nil for the model's default.
    public func resolve(_ wish: WeightsKind?) -> WeightsKind {
        balanced == nil ? .plain : wish ?? defaultWeights
    }

    /// The state that the balanced weights were made from, which lags behind `version`; nil where there are none.
    public var balancedVersion: Int? { balanced?.version }

    /// The number of classes that some weights know: the first so many of `labels`. Balanced weights do not know what came after them.
    public func classCount(of kind: WeightsKind) -> Int { table(kind).classes }

    /// How scores of some weights become probabilities; nil before enough rows were seen, see `Calibration`.
    public func calibration(of kind: WeightsKind) -> Calibration? { kind == .plain ? plainCalibration : balancedCalibration }

    private func table(_ kind: WeightsKind) -> WeightTable {
        if kind == .balanced, let balanced { return balanced.table }
        return plain
    }

    /// Wᵀ in Float32, of the plain weights.
    var transposedWeights: [Float] { plain.transposed }

    // MARK: Scoring

    /// The number of classes.
    public var classCount: Int { labels.count }

    /// The multiply-adds that scoring so many rows takes: what decides where it is done.
    public func cost(rows: Int) -> Int {
        let (map, overflow) = (featureMap.projection.map { $0.inputs * $0.outputs } ?? 0).addingReportingOverflow(plain.stride * classCount)
        let (total, overflowing) = rows.multipliedReportingOverflow(by: map)
        return overflow || overflowing ? .max : total
    }

    /// Scores rows with loops of our own: no threads, no locks, and the same bits whichever rows come together.
    ///
    /// - Parameters:
    ///   - features: n·d values, row after row.
    ///   - weights: which weights; nil for the model's default.
    ///   - workspace: buffers to reuse.
    /// - Returns: the weights that were used, `resolve(weights)`; and in `workspace.scores`, n·C scores, row after row, where C is the
    ///   `classCount(of:)` of those weights.
    /// - Complexity: O(n·(d·D + D·C)).
    @discardableResult
    public func score(_ features: [Float], weights: WeightsKind? = nil, workspace: inout ScoreWorkspace) -> WeightsKind {
        features.withUnsafeBufferPointer { score($0, resolve(weights), &workspace, useBLAS: false) }
    }

    /// Scores rows with `sgemm`, which may use BLAS's threads: for compute threads only. While a factorisation has those threads, `sgemm`
    /// would wait for its end, and predictions never wait for learning: they are made by the own kernel then.
    @discardableResult
    public func scoreByBLAS(_ features: [Float], weights: WeightsKind? = nil, workspace: inout ScoreWorkspace) -> WeightsKind {
        features.withUnsafeBufferPointer { score($0, weights: weights, useBLAS: true, workspace: &workspace) }
    }

    /// Scores some of the rows of a larger batch, so that buffers need not grow with the batch.
    ///
    /// - Parameter useBLAS: as in `scoreByBLAS`. Where false, for event loops, `sgemm` makes the products of many rows too, as long as it
    ///   certainly keeps to the calling thread.
    @discardableResult
    public func score(
        _ features: UnsafeBufferPointer<Float>, weights: WeightsKind?, useBLAS: Bool, workspace: inout ScoreWorkspace
    ) -> WeightsKind {
        let (kind, library) = (resolve(weights), BLASLibrary.current)
        let rows = features.count / featureMap.dimension
        if rows >= Self.rowsForBLAS, cost(rows: rows) <= Self.costOfMilliseconds,
            library.onOneThread({ score(features, kind, &workspace, useBLAS: true) })
        {
            return kind
        }
        return score(features, kind, &workspace, useBLAS: useBLAS && !library.isOccupied)
    }

    /// The rows from which `sgemm` is faster than the own kernel, whose instructions are those that every processor has.
    private static let rowsForBLAS = 16

    /// Multiply-adds that take a core some milliseconds: so long a factorisation may wait for its threads.
    private static let costOfMilliseconds = 1 << 26

    @discardableResult
    private func score(
        _ x: UnsafeBufferPointer<Float>, _ kind: WeightsKind, _ workspace: inout ScoreWorkspace, useBLAS: Bool
    ) -> WeightsKind {
        let table = table(kind)
        let dimension = featureMap.dimension
        let rows = x.count / dimension
        precondition(rows * dimension == x.count, "a row is cut short")
        let (classes, stride) = (table.classes, table.stride)
        // `sgemm` takes rows of any length, and so rows that nothing maps as they are.
        let isMapped = !useBLAS || featureMap.projection != nil
        workspace.resize(mapped: isMapped ? rows * stride : 0, scores: rows * classes)
        guard rows > 0, classes > 0 else { return kind }
        workspace.mapped.withUnsafeMutableBufferPointer { h in
            workspace.scores.withUnsafeMutableBufferPointer { scores in
                table.transposed.withUnsafeBufferPointer { weights in
                    if isMapped { map(x, rows: rows, into: h, stride: stride, useBLAS: useBLAS) }
                    let (inputs, length) = isMapped ? (UnsafeBufferPointer(h), stride) : (x, dimension)
                    if useBLAS {
                        SinglePrecision.multiply(
                            m: classes, n: rows, k: length, weights, transposed: true, lda: stride, inputs, ldb: length,
                            into: scores, ldc: classes)
                    } else {
                        ScoreKernel.score(inputs, rows: rows, weights, classes: classes, stride: stride, into: scores)
                    }
                }
            }
        }
        return kind
    }

    private func map(
        _ x: UnsafeBufferPointer<Float>, rows: Int, into h: UnsafeMutableBufferPointer<Float>, stride: Int, useBLAS: Bool
    ) {
        switch featureMap {
        case .identity(let dimension): ScoreKernel.copy(x, dimension: dimension, rows: rows, into: h, stride: stride)
        case .randomRelu(let projection):
            if useBLAS {
                projection.mapByBLAS(x, rows: rows, into: h, stride: stride)
            } else {
                projection.map(x, rows: rows, into: h, stride: stride)
            }
        }
    }

    /// Scores one row in Float64, for features that Float32 cannot carry.
    ///
    /// - Parameters:
    ///   - features: d values, finite and at most 1e50 in magnitude.
    ///   - weights: which weights; nil for the model's default.
    /// - Returns: as many scores as `resolve(weights)` knows classes, finite.
    /// - Complexity: O(d·D + D·C), slower by some factor than `score`.
    public func scoreInDouble(_ features: [Double], weights: WeightsKind? = nil) -> [Double] {
        let table = table(resolve(weights))
        precondition(features.count == featureMap.dimension, "a row of another length")
        var h = features
        if let projection = featureMap.projection {
            h = [Double](repeating: 0, count: projection.outputs)
            for (input, value) in features.enumerated() where value != 0 {
                projection.widened.withColumn(input) { row in
                    for output in 0..<row.count { h[output] += value * row[output] }
                }
            }
            for index in h.indices { h[index] = max(h[index], 0) }
        }
        return (0..<table.classes).map { column in
            var sum = 0.0
            for (row, value) in h.enumerated() { sum += value * Double(table.transposed[column * table.stride + row]) }
            return sum
        }
    }

    /// Classifies rows: the simple way for programs that embed the classifier.
    ///
    /// - Parameters:
    ///   - features: n·d values, row after row.
    ///   - weights: which weights; nil for the model's default.
    /// - Returns: for each row the label with the highest score (the earliest of equal ones); empty while no class is known.
    public func predict(_ features: [Float], weights: WeightsKind? = nil) -> [(label: String, score: Float)] {
        var workspace = ScoreWorkspace()
        let classes = classCount(of: score(features, weights: weights, workspace: &workspace))
        guard classes > 0 else { return [] }
        let scores = workspace.scores
        return stride(from: 0, to: scores.count, by: classes).map { start in
            var best = 0
            for column in 1..<max(classes, 1) where scores[start + column] > scores[start + best] { best = column }
            return (labels[best], scores[start + best])
        }
    }
}
