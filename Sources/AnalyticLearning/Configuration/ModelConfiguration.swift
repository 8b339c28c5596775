/// The definition of a model: dimension, feature map, ridge, and treatment of imbalance.
public struct ModelConfiguration: Equatable, Sendable {
    /// d, the length of a feature vector as a client sends it.
    public var dimension: Int
    /// φ, the map from x to h.
    public var featureMap: FeatureMapKind
    /// λ > 0, the ridge (the papers' γ) in force.
    public var ridge: Double
    /// Whether the ridge chooses itself.
    public var ridgeChoice: RidgeChoice
    /// Which balanced weights are computed besides the plain ones.
    public var imbalance: Imbalance
    /// How much of each class's own Gram matrix is kept.
    public var sketchRank: SketchRank
    /// τ from 0 to 1, how far predictions even out the classes' shares unless a request says otherwise: see `PriorTarget.balance`.
    public var balance: Double
    /// Whether scores have an intercept for each class, b_c, which the ridge does not penalise: see `InterceptTerm`.
    public var intercept: Bool

    /// A configuration; omitted values take their defaults.
    ///
    /// - Parameters:
    ///   - dimension: d.
    ///   - featureMap: φ; the identity by default.
    ///   - ridge: λ; `firstRidge` by default.
    ///   - imbalance: none by default.
    ///   - ridgeChoice: by default the ridge stays as it is set.
    ///   - sketchRank: by default 16 rows if imbalance is `reweight`, otherwise none.
    ///   - balance: τ; 0 by default.
    ///   - intercept: none by default.
    public init(
        dimension: Int, featureMap: FeatureMapKind = .identity, ridge: Double = firstRidge, imbalance: Imbalance = .none,
        sketchRank: SketchRank? = nil, balance: Double = 0, ridgeChoice: RidgeChoice = .fixed, intercept: Bool = false
    ) {
        self.dimension = dimension
        self.featureMap = featureMap
        self.ridge = ridge
        self.ridgeChoice = ridgeChoice
        self.imbalance = imbalance
        self.sketchRank = sketchRank ?? imbalance.defaultSketchRank
        self.balance = balance
        self.intercept = intercept
    }

    /// The ridge of a new model that is not given one.
    public static let firstRidge = 0.1

    /// The configuration as it was set: where the ridge chooses itself, without the one in force.
    public var settings: ModelConfiguration {
        var settings = self
        if ridgeChoice != .fixed { settings.ridge = Self.firstRidge }
        return settings
    }

    /// D, the length of a feature vector after the map.
    public var width: Int {
        switch featureMap {
        case .identity: dimension
        case .randomRelu(let width, _): width
        case .random(let features): features.width + (features.includesInput ? dimension : 0)
        }
    }

    /// The number of phases of its cosines.
    package var phaseCount: Int {
        if case .random(let features) = featureMap, features.activation == .cosine { return features.width }
        return 0
    }

    /// The number of columns of Ω; nil if the map has none.
    package var projectionWidth: Int? {
        switch featureMap {
        case .identity: nil
        case .randomRelu(let width, _): width
        case .random(let features): features.width
        }
    }
}

/// How a model's ridge is chosen.
public enum RidgeChoice: Equatable, Sendable {
    /// As it is set.
    case fixed
    /// By a race of candidates on the rows before they are learned: see `RidgeRace`.
    case automatic(RidgeMetric)
}

/// The feature map φ of a model.
public enum FeatureMapKind: Equatable, Sendable {
    /// h = x, D = d.
    case identity
    /// h = max(0, xΩ) with Ω ∈ R^{d×D} drawn from U(−1/√d, 1/√d) by Philox4x32-10 keyed with the seed (ACIL's random buffer).
    case randomRelu(width: Int, seed: UInt64)
    /// h = f(xΩ), or that followed by x.
    case random(RandomFeatures)
}

/// How a model treats classes of different size. Balanced weights are computed from the truth and never change it.
public enum Imbalance: Equatable, Sendable {
    /// Plain weights only.
    case none
    /// AEF-OCL (arXiv 2405.17779): every class is filled to the size of the largest with draws around its mean.
    ///
    /// `noise` scales the standard deviation. At most `cap` rows per class are drawn and weighted up (0: all of them, as published,
    /// up to a million), so the cost does not grow with the stream. A smaller cap leaves the sums G̃ and Q̃ unbiased but not the
    /// accuracy, which is not linear in them: on the long-tailed digits, where at most 126 rows are missing, balanced accuracy is
    /// 0.898 with all of them, 0.883 with a cap of 32 and 0.866 with a cap of 8, against 0.849 without any.
    case pseudoFeatures(noise: Double, cap: Int, seed: UInt64)
    /// AIR's class weights ∝ n_c^−power.
    case reweight(power: Double)
    /// Probabilistic linear discriminant analysis from the same sums (`DiscriminantFit`): a new class is predicted after a few rows.
    ///
    /// A class of few rows is raised until it would take `falseShare` of the other classes' rows; `seed` keys the draws that find out.
    case discriminant(falseShare: Double = 0.02, seed: UInt64 = 0)

    var defaultSketchRank: SketchRank {
        if case .reweight = self { return .rows(16) }
        return .rows(0)
    }
}

/// How much of each class's own Gram matrix a model keeps, in the space of h.
public enum SketchRank: Equatable, Sendable {
    /// A frequent-directions sketch of this many rows per class; 0 keeps none.
    case rows(Int)
    /// The whole D×D matrix of each class (AIR as published).
    case exact
}
