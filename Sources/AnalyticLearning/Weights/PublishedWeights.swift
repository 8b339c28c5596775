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

    /// Wᵀ, [C, stride] with zeros behind each column, so that kernels need no tail.
    let transposedWeights: [Float]
    let stride: Int

    init(
        configuration: ModelConfiguration, featureMap: FeatureMap, labels: [String], counts: [Int], samples: Int, version: Int,
        health: ViewHealth, weights: borrowing Matrix
    ) {
        precondition(weights.columns == labels.count && weights.rows == featureMap.width, "weights of another shape")
        self.configuration = configuration
        self.featureMap = featureMap
        self.labels = labels
        self.counts = counts
        self.samples = samples
        self.version = version
        self.health = health
        let stride = ScoreKernel.padded(featureMap.width)
        self.stride = stride
        transposedWeights = [Float](unsafeUninitializedCapacity: labels.count * stride) { buffer, count in
            weights.withElements { elements in
                let width = featureMap.width
                // A finite Float64 past Float32's range stays finite.
                let largest = Double(Float.greatestFiniteMagnitude)
                for column in 0..<labels.count {
                    let target = column * stride
                    let source = column * width
                    for row in 0..<width {
                        buffer[target + row] = Float(min(max(elements[source + row], -largest), largest))
                    }
                    for row in width..<stride { buffer[target + row] = 0 }
                }
            }
            count = labels.count * stride
        }
    }

    /// The number of classes.
    public var classCount: Int { labels.count }

    /// The multiply-adds that scoring so many rows takes: what decides where it is done.
    public func cost(rows: Int) -> Int {
        let (map, overflow) = (featureMap.projection.map { $0.inputs * $0.outputs } ?? 0).addingReportingOverflow(stride * classCount)
        let (total, overflowing) = rows.multipliedReportingOverflow(by: map)
        return overflow || overflowing ? .max : total
    }

    /// Scores rows with loops of our own: no threads, no locks, and the same bits whichever rows come together.
    ///
    /// - Parameters:
    ///   - features: n·d values, row after row.
    ///   - workspace: buffers to reuse.
    /// - Returns: in `workspace.scores`, n·C scores, row after row.
    /// - Complexity: O(n·(d·D + D·C)).
    public func score(_ features: [Float], workspace: inout ScoreWorkspace) {
        score(features, workspace: &workspace, useBLAS: false)
    }

    /// Scores rows with `sgemm`, which may use BLAS's threads: for compute threads only.
    public func scoreByBLAS(_ features: [Float], workspace: inout ScoreWorkspace) {
        score(features, workspace: &workspace, useBLAS: true)
    }

    private func score(_ features: [Float], workspace: inout ScoreWorkspace, useBLAS: Bool) {
        let dimension = featureMap.dimension
        let rows = features.count / dimension
        precondition(rows * dimension == features.count, "a row is cut short")
        let classes = classCount
        workspace.resize(mapped: rows * stride, scores: rows * classes)
        guard rows > 0, classes > 0 else { return }
        features.withUnsafeBufferPointer { x in
            workspace.mapped.withUnsafeMutableBufferPointer { h in
                workspace.scores.withUnsafeMutableBufferPointer { scores in
                    transposedWeights.withUnsafeBufferPointer { weights in
                        switch featureMap {
                        case .identity: ScoreKernel.copy(x, dimension: dimension, rows: rows, into: h, stride: stride)
                        case .randomRelu(let projection):
                            if useBLAS {
                                projection.mapByBLAS(x, rows: rows, into: h, stride: stride)
                            } else {
                                projection.map(x, rows: rows, into: h, stride: stride)
                            }
                        }
                        if useBLAS {
                            SinglePrecision.multiply(
                                m: classes, n: rows, k: stride, weights, transposed: true, lda: stride, UnsafeBufferPointer(h), ldb: stride,
                                into: scores, ldc: classes)
                        } else {
                            ScoreKernel.score(
                                UnsafeBufferPointer(h), rows: rows, weights, classes: classes, stride: stride, into: scores)
                        }
                    }
                }
            }
        }
    }

    /// Scores one row in Float64, for features that Float32 cannot carry.
    ///
    /// - Parameter features: d values, finite and at most 1e50 in magnitude.
    /// - Returns: C scores, finite.
    /// - Complexity: O(d·D + D·C), slower by some factor than `score`.
    public func scoreInDouble(_ features: [Double]) -> [Double] {
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
        return (0..<classCount).map { column in
            var sum = 0.0
            for (row, value) in h.enumerated() { sum += value * Double(transposedWeights[column * stride + row]) }
            return sum
        }
    }

    /// Classifies rows: the simple way for programs that embed the classifier.
    ///
    /// - Parameter features: n·d values, row after row.
    /// - Returns: for each row the label with the highest score (the earliest of equal ones); empty while no class is known.
    public func predict(_ features: [Float]) -> [(label: String, score: Float)] {
        guard classCount > 0 else { return [] }
        var workspace = ScoreWorkspace()
        score(features, workspace: &workspace)
        return stride(from: 0, to: workspace.scores.count, by: classCount).map { start in
            var best = 0
            for column in 1..<max(classCount, 1) where workspace.scores[start + column] > workspace.scores[start + best] { best = column }
            return (labels[best], workspace.scores[start + best])
        }
    }

    private func stride(from: Int, to: Int, by: Int) -> StrideTo<Int> { Swift.stride(from: from, to: to, by: by) }
}
