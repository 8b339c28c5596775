internal import LinearAlgebra

/// Why there is no novelty.
public enum NoveltyGap: Error, Sendable, Equatable {
    /// Fewer than two classes have rows.
    case fewClasses
    /// More classes than the residual moment is kept for.
    case manyClasses(most: Int)
    /// The residual moment has no inverse of enough certain digits, or the weights have not enough.
    case illConditioned
    /// The moment is not known yet: the model is being restored, or is behind.
    case notComputed
}

/// The novelty of rows under one state of the plain weights: the relative Mahalanobis distance of Ren et al., "A Simple Fix to
/// Mahalanobis Distance for Improving Near-OOD Detection" (2021), from scores alone.
///
/// It is the squared distance of a row h to its nearest class mean m_c under the scatter within classes, less that to the mean m₀ of
/// all labelled rows under the scatter of all:
///
///     min_c (h−m_c)ᵀ(S_w+λI)⁻¹(h−m_c) − (h−m₀)ᵀ(S_t+λI)⁻¹(h−m₀)
///     S_w = G − QN⁻¹Qᵀ    S_t = G − n·m₀m₀ᵀ
///
/// hᵀ(G+λI)⁻¹h cancels, and what is left follows from u = Wᵀh and A = N − QᵀW alone: with P = A⁻¹, a = 1ᵀu/n and
/// b = 1ᵀ(N−A)1/n²
///
///     novelty = min_c (uᵀPu − 2uᵀP_c + P_cc − 1/n_c) + 2a − b − n(a−b)²/(1−nb)
///
/// With an intercept, all rows are taken relative to their mean, which changes no distance as long as every row has a class: u is then the
/// score less n_c/n, and A the residual moment of the regression with the intercept plus qqᵀ/n. See `InterceptTerm`.
///
/// Neither scatter is divided by a number of rows, so novelty falls as 1/n while a stream goes on. `rows` times it does not.
public final class NoveltyMeasure: Sendable {
    /// n: the labelled rows behind it.
    public let rows: Double
    /// The number of scores of a row, including classes without rows.
    let classes: Int
    /// The classes with rows; nil if all have.
    private let columns: [Int]?
    private let order: Int
    /// P [k×k].
    private let precision: [Double]
    /// P_cc − 1/n_c.
    private let own: [Double]
    /// What is subtracted from each score; empty without intercepts.
    private let shares: [Double]
    /// b.
    private let centre: Double
    /// n/(1 − nb) = n²/1ᵀA1.
    private let spread: Double

    /// - Throws: `NoveltyGap`.
    /// - Complexity: C³.
    init(_ moment: ResidualMoment, _ intercepts: InterceptSums? = nil) throws(NoveltyGap) {
        guard moment.isKnown else { throw .notComputed }
        let columns = moment.counts.indices.filter { moment.counts[$0] > 0 }
        guard columns.count >= 2 else { throw .fewClasses }
        var elements = moment.elements(of: columns)
        if let intercepts {
            guard intercepts.remainder > 0, intercepts.counts.count == moment.classes else { throw .notComputed }
            for (j, right) in columns.enumerated() {
                for (i, left) in columns.enumerated() {
                    elements[i + j * columns.count] +=
                        intercepts.counts[left] * intercepts.counts[right] / intercepts.rows
                        - intercepts.residuals[left] * intercepts.residuals[right] / intercepts.remainder
                }
            }
        }
        shares = intercepts.map { sums in columns.map { sums.counts[$0] / sums.rows } } ?? []
        guard let precision = PrecisionMatrix.inverse(of: elements, order: columns.count) else { throw .illConditioned }
        let rows = columns.reduce(0) { $0 + moment.counts[$1] }
        let sum = elements.reduce(0, +)
        guard sum > 0 else { throw .illConditioned }
        self.rows = rows
        self.precision = precision
        classes = moment.classes
        order = columns.count
        self.columns = columns.count == moment.classes ? nil : columns
        own = columns.indices.map { precision[$0 * (columns.count + 1)] - 1 / moment.counts[columns[$0]] }
        centre = (rows - sum) / (rows * rows)
        spread = rows * rows / sum
    }

    /// Whether a class had rows.
    func knows(_ column: Int) -> Bool { column < classes && (columns?.contains(column) ?? true) }

    /// The multiply-adds of a row.
    public var cost: Int { order * (order + 8) }

    /// The novelty of a row.
    ///
    /// - Parameters:
    ///   - scores: the row's scores by the plain weights; those of classes unknown to the measure, at the end, are ignored.
    ///   - scratch: memory to reuse.
    /// - Returns: nil if it is not finite: the scores are too large.
    /// - Complexity: O(C²).
    public func novelty(_ scores: UnsafeBufferPointer<Float>, scratch: inout [Double]) -> Double? {
        gather(scores.count, &scratch) { Double(scores[$0]) }
        return novelty(scratch)
    }

    /// The same from scores in Float64.
    public func novelty(_ scores: UnsafeBufferPointer<Double>, scratch: inout [Double]) -> Double? {
        gather(scores.count, &scratch) { scores[$0] }
        return novelty(scratch)
    }

    @inline(__always)
    private func gather(_ count: Int, _ u: inout [Double], _ score: (Int) -> Double) {
        precondition(count >= classes, "scores of other weights")
        u.removeAll(keepingCapacity: true)
        if let columns {
            for column in columns { u.append(score(column)) }
        } else {
            for column in 0..<classes { u.append(score(column)) }
        }
        for (place, share) in shares.enumerated() { u[place] -= share }
    }

    private func novelty(_ scores: [Double]) -> Double? {
        var (nearest, square, sum) = (Double.infinity, 0.0, 0.0)
        scores.withUnsafeBufferPointer { u in
            precision.withUnsafeBufferPointer { precision in
                for column in 0..<order {
                    let product = Self.dot(precision.baseAddress! + column * order, u.baseAddress!, order)
                    square += u[column] * product
                    sum += u[column]
                    nearest = min(nearest, own[column] - 2 * product)
                }
            }
        }
        let mean = sum / rows
        let offset = mean - centre
        let novelty = square + nearest + 2 * mean - centre - spread * offset * offset
        return novelty.isFinite ? novelty : nil
    }

    private typealias Lanes = SIMD8<Double>

    private static func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
        var (sums, place) = (Lanes.zero, 0)
        while place + 8 <= count {
            sums += UnsafeRawPointer(a + place).loadUnaligned(as: Lanes.self) * UnsafeRawPointer(b + place).loadUnaligned(as: Lanes.self)
            place += 8
        }
        var sum = sums.sum()
        while place < count {
            sum += a[place] * b[place]
            place += 1
        }
        return sum
    }
}
