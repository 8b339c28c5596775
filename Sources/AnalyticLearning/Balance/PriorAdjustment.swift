internal import Glibc

/// The class shares that predictions assume, instead of those of the rows learned.
public enum PriorTarget: Sendable, Equatable {
    /// π′ ∝ π^(1−τ) with τ from 0 to 1: 0 leaves the scores, 1 makes all classes equally likely beforehand.
    case balance(Double)
    /// Given shares, from 0 to 1, of different columns. The other classes keep their proportions and share what is left of 1.
    case shares([ClassShare])

    /// The share of one class.
    public struct ClassShare: Sendable, Equatable {
        /// The class's column.
        public var column: Int
        /// Its share.
        public var share: Double

        /// The share of a column.
        public init(column: Int, share: Double) {
            self.column = column
            self.share = share
        }
    }
}

/// What is added to each row's scores so that they fit other class shares than those of the rows learned: post-hoc logit adjustment
/// (Menon et al., "Long-tail Learning via Logit Adjustment", ICLR 2021, section 4.1) at the calibrated temperature T:
///
///     s′_c = s_c + T·(log π′_c − log π_c)
///
/// The probabilities of the adjusted scores are softmax(s′/T).
public struct PriorAdjustment: Sendable, Equatable {
    /// One number per class of the weights, in column order; finite.
    public let offsets: [Double]

    /// A smaller share counts as this: offsets stay finite, and such a class is chosen only if nearly everything else is ruled out.
    static let smallestShare = 1e-12

    /// The adjustment of scores of weights that were fitted to `prior`.
    ///
    /// A class without rows gets the lowest offset of the others: its score of zero is no evidence to raise.
    ///
    /// - Returns: nil if no class has rows.
    /// - Complexity: O(C), with one or two exponentials or logarithms per class.
    init?(_ target: PriorTarget, from prior: ClassPrior, temperature: Double) {
        guard prior.hasRows else { return nil }
        var offsets: [Double]
        switch target {
        case .balance(let balance): offsets = Self.differences(balance: balance, prior)
        case .shares(let shares): offsets = Self.differences(shares: shares, prior)
        }
        var lowest = Double.infinity
        for (column, logarithm) in prior.logarithms.enumerated() where logarithm > -.infinity {
            offsets[column] *= temperature
            lowest = min(lowest, offsets[column])
        }
        for (column, logarithm) in prior.logarithms.enumerated() where logarithm == -.infinity { offsets[column] = lowest }
        self.offsets = offsets
    }

    /// log π′ − log π = −τ·log π − log Σ π^(1−τ); any value for classes without rows.
    private static func differences(balance: Double, _ prior: ClassPrior) -> [Double] {
        var sum = 0.0
        for logarithm in prior.logarithms where logarithm > -.infinity { sum += exp((1 - balance) * logarithm) }
        let scale = log(sum)
        return prior.logarithms.map { $0 > -.infinity ? -balance * $0 - scale : 0 }
    }

    private static func differences(shares: [PriorTarget.ClassShare], _ prior: ClassPrior) -> [Double] {
        var given = [Double](repeating: .nan, count: prior.logarithms.count)
        var (left, sum, rest) = (1.0, 0.0, 0.0)
        for entry in shares {
            left -= entry.share
            guard given.indices.contains(entry.column) else { continue }
            given[entry.column] = max(entry.share, smallestShare)
        }
        for (column, logarithm) in prior.logarithms.enumerated() where logarithm > -.infinity {
            if given[column].isNaN { rest += exp(logarithm) } else { sum += given[column] }
        }
        left = max(left, smallestShare)
        if rest > 0 { sum += left }
        let (scale, share) = (log(sum), rest > 0 ? log(left / rest) : 0)
        return prior.logarithms.enumerated().map { column, logarithm in
            guard logarithm > -.infinity else { return 0 }
            // The others keep their proportions, so one number moves them all.
            return given[column].isNaN ? share - scale : log(given[column]) - logarithm - scale
        }
    }
}

/// The class shares π that weights were fitted to, as logarithms.
struct ClassPrior: Sendable, Equatable {
    /// log π_c in column order; −∞ for a class without rows.
    let logarithms: [Double]

    /// - Parameters:
    ///   - counts: n_c in column order, of the classes that the weights know.
    ///   - exponent: see `exponent(of:_:)`.
    /// - Complexity: O(C), with two logarithms and exponentials per class.
    init(counts: some Collection<Int>, exponent: Double) {
        var logarithms = counts.map { $0 > 0 ? exponent * log(Double($0)) : -.infinity }
        let highest = logarithms.max() ?? -.infinity
        var sum = 0.0
        for logarithm in logarithms where logarithm > -.infinity { sum += exp(logarithm - highest) }
        let scale = highest + log(sum)
        for column in logarithms.indices where logarithms[column] > -.infinity { logarithms[column] -= scale }
        self.logarithms = logarithms
    }

    /// Whether a class has rows.
    var hasRows: Bool { logarithms.contains { $0 > -.infinity } }

    /// The e in π_c ∝ n_c^e: 1 for plain weights. Weighting the rows of a class by w_c ∝ n_c^−power leaves 1 − power. All other
    /// balanced weights treat classes as if they had the same number of rows.
    static func exponent(of kind: WeightsKind, _ imbalance: Imbalance) -> Double {
        guard kind == .balanced else { return 1 }
        if case .reweight(let power) = imbalance { return 1 - power }
        return 0
    }
}
