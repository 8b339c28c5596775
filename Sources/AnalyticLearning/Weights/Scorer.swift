internal import LinearAlgebra

/// Scores rows by the plain or the balanced weights of one published state with at least one class.
///
/// A state without classes has no scorer, so a scorer proves that there is a best class with a label.
///
/// Scores are h·w_c with Float32 copies of Ω and W. Float64 is used for single rows that overflow or vanish in Float32, and for
/// all rows if the state requires it (`PublishedWeights.needsDouble`).
public struct Scorer: Sendable {
    /// The state.
    public let weights: PublishedWeights
    /// Which of the state's weights.
    public let kind: WeightsKind
    private let table: WeightTable
    /// How a discriminant's products become scores.
    private let rule: DiscriminantRule?

    init(_ weights: PublishedWeights, _ kind: WeightsKind, _ table: WeightTable, _ rule: DiscriminantRule? = nil) {
        self.weights = weights
        self.kind = kind
        self.table = table
        self.rule = rule
    }

    /// C ≥ 1, the number of classes that the weights know: the first C of the model's labels. Balanced weights do not know later
    /// classes.
    public var classCount: Int { rule?.classCount ?? table.classes }

    /// How the scores become probabilities; nil until enough rows were seen, see `Calibration`.
    public var calibration: Calibration? { weights.calibration(of: kind) }

    /// The version that balanced weights were computed from; nil for plain ones.
    public var balancedVersion: Int? { kind == .balanced ? weights.balancedVersion : nil }

    /// The multiply-adds for scoring this many rows, which decide where to do it.
    public func cost(rows: Int) -> Int {
        let projection = weights.featureMap.projection.map { $0.inputs * $0.outputs } ?? 0
        let (map, overflow) = projection.addingReportingOverflow(table.stride * table.classes + (rule?.operations ?? 0))
        let (total, overflowing) = rows.multipliedReportingOverflow(by: map)
        return overflow || overflowing ? .max : total
    }

    // MARK: Float32

    /// Scores rows with loops of our own: no threads, no locks, and the same bits however rows are grouped.
    ///
    /// - Parameters:
    ///   - features: n·d values, row after row.
    ///   - workspace: buffers to reuse; holds n·C scores afterwards, row after row.
    /// - Complexity: O(n·(d·D + D·C)).
    public func score(_ features: [Float], workspace: inout ScoreWorkspace) {
        features.withUnsafeBufferPointer { score($0, &workspace, useBLAS: false) }
    }

    /// Scores rows with `sgemm` where it is faster: for compute threads only. `sgemm` would wait while a factorisation has the
    /// library's threads, so our own loops are used then: predictions never wait for learning.
    public func scoreByBLAS(_ features: [Float], workspace: inout ScoreWorkspace) {
        features.withUnsafeBufferPointer { score($0, useBLAS: true, workspace: &workspace) }
    }

    /// Scores some of the rows of a larger batch, so that buffers need not grow with the batch.
    ///
    /// - Parameter useBLAS: whether to use `sgemm` where it is faster, as in `scoreByBLAS`.
    public func score(_ features: UnsafeBufferPointer<Float>, useBLAS: Bool, workspace: inout ScoreWorkspace) {
        let rows = features.count / weights.featureMap.dimension
        guard useBLAS, rows >= Self.rowsForBLAS else { return score(features, &workspace, useBLAS: false) }
        let library = BLASLibrary.current
        if cost(rows: rows) <= Self.costOfMilliseconds, library.onOneThread({ score(features, &workspace, useBLAS: true) }) { return }
        score(features, &workspace, useBLAS: !library.isOccupied)
    }

    /// From this many rows `sgemm` is faster than our own loops, which do not fuse products and sums: later with wide vectors, since
    /// `sgemm` copies the weights first.
    private static let rowsForBLAS = ScoreVectors.widest == .common ? 16 : 96

    /// Multiply-adds that take a core some milliseconds, the time a factorisation may wait for its threads.
    private static let costOfMilliseconds = 1 << 26

    private func score(_ x: UnsafeBufferPointer<Float>, _ workspace: inout ScoreWorkspace, useBLAS: Bool) {
        let featureMap = weights.featureMap
        let dimension = featureMap.dimension
        let rows = x.count / dimension
        precondition(rows * dimension == x.count, "a row is cut short")
        let stride = table.stride
        // `sgemm` takes rows of any length, so unmapped rows need no padded copy.
        let isMapped = !useBLAS || featureMap.projection != nil
        workspace.resize(mapped: isMapped ? rows * stride : 0, scores: rows * classCount)
        guard rows > 0 else { return }
        guard let rule else {
            return multiply(x, rows: rows, isMapped: isMapped, &workspace.mapped, useBLAS: useBLAS, into: &workspace.scores)
        }
        workspace.resize(products: rows * rule.productCount, coordinates: DiscriminantRule.padded(rule.coordinateCount))
        multiply(x, rows: rows, isMapped: isMapped, &workspace.mapped, useBLAS: useBLAS, into: &workspace.products)
        workspace.products.withUnsafeMutableBufferPointer { products in
            workspace.coordinates.withUnsafeMutableBufferPointer { coordinates in
                workspace.scores.withUnsafeMutableBufferPointer { rule.score(products, rows: rows, scratch: coordinates, into: $0) }
            }
        }
    }

    /// Multiplies rows, mapped if they must be, with the table.
    private func multiply(
        _ x: UnsafeBufferPointer<Float>, rows: Int, isMapped: Bool, _ mapped: inout [Float], useBLAS: Bool, into products: inout [Float]
    ) {
        let (classes, stride) = (table.classes, table.stride)
        mapped.withUnsafeMutableBufferPointer { h in
            products.withUnsafeMutableBufferPointer { scores in
                table.transposed.withUnsafeBufferPointer { elements in
                    if isMapped { map(x, rows: rows, into: h, stride: stride, useBLAS: useBLAS) }
                    let (inputs, length) = isMapped ? (UnsafeBufferPointer(h), stride) : (x, weights.featureMap.dimension)
                    if useBLAS {
                        SinglePrecision.multiply(
                            m: classes, n: rows, k: length, elements, transposed: true, lda: stride, inputs, ldb: length,
                            into: scores, ldc: classes)
                    } else {
                        ScoreKernel.score(inputs, rows: rows, elements, classes: classes, stride: stride, into: scores)
                    }
                    addIntercepts(to: scores, rows: rows)
                }
            }
        }
    }

    /// Adds the intercepts to Float32 scores, in the same way however rows are grouped.
    private func addIntercepts(to scores: UnsafeMutableBufferPointer<Float>, rows: Int) {
        guard !table.intercepts.isEmpty else { return }
        for row in 0..<rows {
            for (column, intercept) in table.intercepts.enumerated() { scores[row * table.classes + column] += Float(intercept) }
        }
    }

    private func map(
        _ x: UnsafeBufferPointer<Float>, rows: Int, into h: UnsafeMutableBufferPointer<Float>, stride: Int, useBLAS: Bool
    ) {
        switch weights.featureMap {
        case .identity(let dimension): ScoreKernel.copy(x, dimension: dimension, rows: rows, into: h, stride: stride)
        case .randomRelu(let projection):
            if useBLAS {
                projection.multiplyByBLAS(x, rows: rows, into: h, stride: stride)
                for index in 0..<(rows * stride) { h[index] = max(h[index], 0) }
            } else {
                projection.map(x, rows: rows, into: h, stride: stride, least: 0)
            }
        case .random(let projection, let activation):
            if useBLAS {
                projection.multiplyByBLAS(x, rows: rows, into: h, stride: stride)
            } else {
                projection.map(x, rows: rows, into: h, stride: stride, least: -.infinity)
            }
            activation.apply(h, x: x, rows: rows, stride: stride)
        }
    }

    /// Whether Float32 was enough for a row's scores: none has overflowed, and they are not all so small that the products they sum
    /// have lost digits.
    ///
    /// - Complexity: O(C), plus O(d) if no score is far from zero.
    public func isCarried(_ row: UnsafeBufferPointer<Float>, _ scores: UnsafeBufferPointer<Float>) -> Bool {
        var largest: Float = 0
        for score in scores {
            guard score.isFinite else { return false }
            largest = max(largest, abs(score))
        }
        return largest >= Self.leastCarried || row.allSatisfy { $0 == 0 }
    }

    /// 24 bits above Float32's least normal number.
    private static let leastCarried: Float = 0x1p-102

    // MARK: Float64

    /// Scores one row in Float64, if Float32 is not enough.
    ///
    /// - Parameters:
    ///   - features: d values, finite and at most 1e50 in magnitude.
    ///   - workspace: buffers to reuse; holds C finite scores in `exactScores` afterwards.
    /// - Complexity: O(d·D + D·C), but slower than `score`.
    public func scoreInDouble(_ features: UnsafeBufferPointer<Double>, workspace: inout ScoreWorkspace) {
        scoreWidened(features, &workspace)
    }

    /// The same for a row in Float32.
    public func scoreInDouble(_ features: UnsafeBufferPointer<Float>, workspace: inout ScoreWorkspace) {
        scoreWidened(features, &workspace)
    }

    private func scoreWidened<Scalar: BinaryFloatingPoint>(_ features: UnsafeBufferPointer<Scalar>, _ workspace: inout ScoreWorkspace) {
        let featureMap = weights.featureMap
        let width = featureMap.width
        precondition(features.count == featureMap.dimension, "a row of another length")
        workspace.resize(exactMapped: width, exactScores: classCount)
        workspace.resize(exactProducts: rule == nil ? 0 : table.classes)
        workspace.exactMapped.withUnsafeMutableBufferPointer { h in
            if let projection = featureMap.projection {
                let z = UnsafeMutableBufferPointer(rebasing: h[..<projection.outputs])
                z.update(repeating: 0)
                for (input, value) in features.enumerated() where value != 0 {
                    let value = Double(value)
                    projection.widened.withColumn(input) { row in
                        for output in z.indices { z[output] += value * row[output] }
                    }
                }
                if case .random(_, let activation) = featureMap {
                    activation.apply(z)
                } else {
                    for index in z.indices { z[index] = max(z[index], 0) }
                }
                for index in z.count..<width { h[index] = Double(features[index - z.count]) }
            } else {
                for index in h.indices { h[index] = Double(features[index]) }
            }
            guard let rule else { return multiplyFinitely(h, into: &workspace.exactScores) }
            multiplyFinitely(h, into: &workspace.exactProducts)
            workspace.exactProducts.withUnsafeMutableBufferPointer { products in
                workspace.exactScores.withUnsafeMutableBufferPointer { rule.score(products, into: $0) }
            }
        }
    }

    private func multiplyFinitely(_ h: UnsafeMutableBufferPointer<Double>, into scores: inout [Double]) {
        multiply(h, into: &scores)
        for (column, intercept) in table.intercepts.enumerated() { scores[column] += intercept }
        guard !scores.allSatisfy({ $0.isFinite }) else { return }
        // This overflows even Float64: no component of h reaches 2³⁴⁰, and no weight 2¹⁰²⁴.
        for index in h.indices { h[index] *= 0x1p-400 }
        multiply(h, into: &scores)
        let bound = Double.greatestFiniteMagnitude
        for column in scores.indices { scores[column] = min(max(scores[column] * 0x1p400, -bound), bound) }
    }

    private func multiply(_ h: UnsafeMutableBufferPointer<Double>, into scores: inout [Double]) {
        for column in 0..<table.classes {
            scores[column] = table.withRow(column, width: h.count) { exact, narrow in
                var sum = 0.0
                if let exact {
                    for index in h.indices { sum += h[index] * exact[index] }
                } else {
                    for index in h.indices { sum += h[index] * Double(narrow[index]) }
                }
                return sum
            }
        }
    }

    /// The same for an array; returns C scores.
    public func scoreInDouble(_ features: [Double]) -> [Double] {
        var workspace = ScoreWorkspace()
        features.withUnsafeBufferPointer { scoreInDouble($0, workspace: &workspace) }
        return workspace.exactScores
    }
}
