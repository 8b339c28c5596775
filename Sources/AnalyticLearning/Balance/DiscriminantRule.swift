/// How the products of a mapped row with a discriminant's weights become the scores of its classes: small, immutable, and free of
/// allocation per row.
///
/// The first r products are the row's coordinates x = hᵀV − m₀. In them class c is a Gaussian of mean μ_c and diagonal covariance.
/// The last C products, if there are any, are its cosines t = hᵀZ − t₀ with the class means. Then
///
///     s_c = b_c − Σ_j p_cj (x_j − μ_cj)² + γ_c (t_c − max_{k≠c} t_k)
///
/// `DiscriminantFit` has the sources. Scores are logarithms of tempered posterior probabilities, divided by `unit`.
public final class DiscriminantRule: Sendable, Equatable {
    /// C ≥ 1: the first C classes of the model.
    public let classCount: Int
    /// r ≥ 1.
    public let coordinateCount: Int
    /// m₀ [r], then t₀ [C] if there are cosines.
    public let center: [Double]
    /// μ [C, r].
    public let mean: [Double]
    /// p [C, r]: halves of the tempered inverse variances.
    public let precision: [Double]
    /// b [C].
    public let bias: [Double]
    /// γ [C].
    public let marginWeight: [Double]

    /// The same in Float32: m₀ and t₀, and the rows of μ and p padded with zeros to whole vectors.
    private let narrowCenter: [Float]
    private let narrowMean: [Float]
    private let narrowPrecision: [Float]
    private let narrowBias: [Float]
    private let narrowMarginWeight: [Float]

    /// Log-posteriors differ by dozens, but `LikelihoodGrid` looks at differences of up to eight: scores are smaller by this factor.
    static let unit = 16.0
    /// The bias of a class without rows is its negative, and so is its cosine: such a class is never predicted.
    static let exclusion = 1e30
    /// Largest coordinate that the Float64 path distinguishes, so that no score overflows.
    private static let largestProduct = 0x1p400

    private typealias Lanes = SIMD16<Float>

    /// A rule of whole parts.
    ///
    /// - Parameters:
    ///   - center: [r] or [r + C].
    ///   - mean: [C, r].
    ///   - precision: [C, r].
    ///   - bias: [C].
    ///   - marginWeight: [C].
    /// - Returns: nil if the parts do not fit each other, or hold values from which a score could overflow.
    public init?(center: [Double], mean: [Double], precision: [Double], bias: [Double], marginWeight: [Double]) {
        let classes = bias.count
        guard classes > 0, mean.count % classes == 0, marginWeight.count == classes, precision.count == mean.count else { return nil }
        let coordinates = mean.count / classes
        guard coordinates > 0, center.count == coordinates || center.count == coordinates + classes else { return nil }
        let isBounded =
            (center + mean + bias).allSatisfy { abs($0) <= 1e100 } && (precision + marginWeight).allSatisfy { $0 >= 0 && $0 <= 1e50 }
        guard isBounded else { return nil }
        (classCount, coordinateCount) = (classes, coordinates)
        (self.center, self.mean, self.precision, self.bias, self.marginWeight) = (center, mean, precision, bias, marginWeight)
        let stride = Self.padded(coordinates)
        var (narrowMean, narrowPrecision) = ([Float](repeating: 0, count: classes * stride), [Float](repeating: 0, count: classes * stride))
        for column in 0..<classes {
            for index in 0..<coordinates {
                narrowMean[column * stride + index] = Self.narrow(mean[column * coordinates + index])
                narrowPrecision[column * stride + index] = Self.narrow(precision[column * coordinates + index])
            }
        }
        narrowCenter = center.map(Self.narrow)
        narrowBias = bias.map(Self.narrow)
        narrowMarginWeight = marginWeight.map(Self.narrow)
        (self.narrowMean, self.narrowPrecision) = (narrowMean, narrowPrecision)
    }

    private static func narrow(_ value: Double) -> Float {
        let bound = Double(Float.greatestFiniteMagnitude)
        return Float(min(max(value, -bound), bound))
    }

    static func padded(_ count: Int) -> Int { (count + Lanes.scalarCount - 1) / Lanes.scalarCount * Lanes.scalarCount }

    /// K, the columns of the weights: r, or r + C.
    public var productCount: Int { center.count }

    /// Whether the row's cosines count. With one class there is no other to be nearer to.
    var hasMargins: Bool { center.count > coordinateCount && classCount > 1 }

    /// The memory of a rule in doubles, at most.
    static func doubles(classes: Double) -> Double { 3 * classes * (classes + 16) + 6 * classes }

    /// Multiply-adds per row.
    var operations: Int { 3 * classCount * Self.padded(coordinateCount) + 4 * classCount }

    /// The rule without a class; the others keep their scores, except that it is no longer nearer than they are.
    ///
    /// - Returns: nil if it was the only one.
    func without(_ column: Int) -> DiscriminantRule? {
        let range = (column * coordinateCount)..<((column + 1) * coordinateCount)
        var (center, mean, precision, bias, marginWeight) = (center, mean, precision, bias, marginWeight)
        if center.count > coordinateCount { center.remove(at: coordinateCount + column) }
        mean.removeSubrange(range)
        precision.removeSubrange(range)
        bias.remove(at: column)
        marginWeight.remove(at: column)
        // A margin is over another class with rows.
        if bias.count(where: { $0 > -Self.exclusion / 2 }) < 2 { marginWeight = marginWeight.map { _ in 0 } }
        return DiscriminantRule(center: center, mean: mean, precision: precision, bias: bias, marginWeight: marginWeight)
    }

    /// Whether two rules have the same parts.
    public static func == (a: DiscriminantRule, b: DiscriminantRule) -> Bool {
        a === b
            || (a.center == b.center && a.mean == b.mean && a.precision == b.precision && a.bias == b.bias
                && a.marginWeight == b.marginWeight)
    }

    // MARK: Float32

    /// Turns rows of products into rows of scores.
    ///
    /// - Parameters:
    ///   - products: [rows, K]; overwritten.
    ///   - scratch: `padded(r)` elements; overwritten.
    ///   - scores: [rows, C].
    /// - Complexity: O(rows·C·r).
    func score(
        _ products: UnsafeMutableBufferPointer<Float>, rows: Int, scratch: UnsafeMutableBufferPointer<Float>,
        into scores: UnsafeMutableBufferPointer<Float>
    ) {
        let stride = Self.padded(coordinateCount)
        precondition(products.count >= rows * productCount && scores.count >= rows * classCount, "rows do not fit")
        precondition(scratch.count >= stride, "coordinates do not fit")
        guard let products = products.baseAddress, let x = scratch.baseAddress, let scores = scores.baseAddress else { return }
        for index in coordinateCount..<stride { x[index] = 0 }
        narrowMean.withUnsafeBufferPointer { mean in
            narrowPrecision.withUnsafeBufferPointer { precision in
                for row in 0..<rows {
                    let (source, target) = (products + row * productCount, scores + row * classCount)
                    for index in 0..<coordinateCount { x[index] = source[index] - narrowCenter[index] }
                    for column in 0..<classCount {
                        let (mean, precision) = (mean.baseAddress! + column * stride, precision.baseAddress! + column * stride)
                        target[column] = narrowBias[column] - Self.distance(x, mean, precision, stride)
                    }
                    if hasMargins { addMargins(source + coordinateCount, to: target) }
                }
            }
        }
    }

    @inline(__always) private static func lanes(_ base: UnsafePointer<Float>) -> Lanes {
        UnsafeRawPointer(base).loadUnaligned(as: Lanes.self)
    }

    /// Σ p (x − μ)².
    @inline(__always) private static func distance(
        _ x: UnsafePointer<Float>, _ mean: UnsafePointer<Float>, _ precision: UnsafePointer<Float>, _ count: Int
    ) -> Float {
        var sums = Lanes.zero
        for index in Swift.stride(from: 0, to: count, by: Lanes.scalarCount) {
            let difference = lanes(x + index) - lanes(mean + index)
            sums += difference * difference * lanes(precision + index)
        }
        return sums.sum()
    }

    private func addMargins(_ cosines: UnsafeMutablePointer<Float>, to scores: UnsafeMutablePointer<Float>) {
        var (first, second) = (-Float.infinity, -Float.infinity)
        for column in 0..<classCount {
            let value = cosines[column] - narrowCenter[coordinateCount + column]
            cosines[column] = value
            if value > first { (first, second) = (value, first) } else if value > second { second = value }
        }
        for column in 0..<classCount where narrowMarginWeight[column] > 0 {
            scores[column] += narrowMarginWeight[column] * (cosines[column] - (cosines[column] == first ? second : first))
        }
    }

    // MARK: Float64

    /// Turns a row of products into scores, which are finite.
    ///
    /// - Parameters:
    ///   - products: K values, none of them NaN; overwritten.
    ///   - scores: C values.
    /// - Complexity: O(C·r).
    func score(_ products: UnsafeMutableBufferPointer<Double>, into scores: UnsafeMutableBufferPointer<Double>) {
        precondition(products.count == productCount && scores.count == classCount, "a row of another length")
        for index in products.indices {
            products[index] = min(max(products[index], -Self.largestProduct), Self.largestProduct) - center[index]
        }
        for column in 0..<classCount {
            var sum = 0.0
            let start = column * coordinateCount
            for index in 0..<coordinateCount {
                let difference = products[index] - mean[start + index]
                sum += precision[start + index] * difference * difference
            }
            scores[column] = bias[column] - sum
        }
        guard hasMargins else { return }
        let cosines = UnsafeMutableBufferPointer(rebasing: products[coordinateCount...])
        var (first, second) = (-Double.infinity, -Double.infinity)
        for value in cosines {
            if value > first { (first, second) = (value, first) } else if value > second { second = value }
        }
        for column in 0..<classCount where marginWeight[column] > 0 {
            scores[column] += marginWeight[column] * (cosines[column] - (cosines[column] == first ? second : first))
        }
    }
}
