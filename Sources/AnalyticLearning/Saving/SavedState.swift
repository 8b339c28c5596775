/// A model's state as stored in a snapshot: everything but R, which is computed again.
///
/// Matrices are row-major, as numpy writes them. The buffers need to live only while `Classifier.init(restoring:)` runs.
public struct SavedState {
    /// The model's configuration.
    public var configuration: ModelConfiguration
    /// Labels in column order.
    public var labels: [Label]
    /// n_c.
    public var counts: [Int]
    /// All rows learned.
    public var samples: Int
    /// The version of the state.
    public var version: Int
    /// Ω row-major [d, D], if the map has one.
    public var projection: [Float]?
    /// b/2π in turns [width], if the map has cosines.
    public var phases: [Float]?
    /// G's lower triangle, packed row after row.
    public var gram: UnsafeBufferPointer<Double>
    /// Q [D, C].
    public var crossMoment: UnsafeBufferPointer<Double>
    /// μ [C, d].
    public var mean: UnsafeBufferPointer<Double>
    /// M2 [C, d].
    public var m2: UnsafeBufferPointer<Double>
    /// W [D, C]; W′ if the model has an intercept.
    public var weights: UnsafeBufferPointer<Double>

    /// s = Σh over all rows [D], if the model has an intercept.
    public var rowSum: UnsafeBufferPointer<Double>?
    /// b [C], if the model has an intercept.
    public var intercepts: [Double]?
    /// The sketches of each class's own Gram matrix; none if `configuration.sketchRank` is `.rows(0)`.
    public var sketches: SavedSketches
    /// W̃ [D, C'], for the first C' ≤ C classes, if there is one.
    public var balancedWeights: UnsafeBufferPointer<Double>?
    /// b of W̃ [C'], if the model has an intercept.
    public var balancedIntercepts: [Double]?
    /// A discriminant, if there is one instead of W̃.
    public var discriminant: SavedDiscriminant?
    /// The version that W̃ or the discriminant was computed from.
    public var balancedVersion: Int
    /// The evaluation so far; nil starts a new one.
    public var evaluation: ProgressiveEvaluation?
    /// The calibration of the plain weights; nil starts a new one.
    public var calibration: CalibrationState?
    /// The calibration of the balanced weights; nil starts a new one.
    public var balancedCalibration: CalibrationState?
    /// What the plain weights got right at each balance; nil starts again.
    public var curve: BalanceCurve.Saved?
    /// The same of the balanced weights.
    public var balancedCurve: BalanceCurve.Saved?
    /// The novelty of known rows; nil starts a new one.
    public var novelty: NoveltyState?
    /// The bound of the rounding errors in G; nil in states saved by older programs, see `pastError`.
    public var sumError: Double?
    /// How far M2 may be off because of removed rows, per class and component, [C, d]; nil if none is off noticeably.
    public var momentErrors: UnsafeBufferPointer<Double>?

    /// A state from its parts.
    public init(
        configuration: ModelConfiguration, labels: [Label], counts: [Int], samples: Int, version: Int, projection: [Float]?,
        phases: [Float]? = nil, gram: UnsafeBufferPointer<Double>, crossMoment: UnsafeBufferPointer<Double>,
        mean: UnsafeBufferPointer<Double>, m2: UnsafeBufferPointer<Double>, weights: UnsafeBufferPointer<Double>,
        sketches: SavedSketches = .none, balancedWeights: UnsafeBufferPointer<Double>? = nil, discriminant: SavedDiscriminant? = nil,
        balancedVersion: Int = 0, evaluation: ProgressiveEvaluation? = nil, calibration: CalibrationState? = nil,
        balancedCalibration: CalibrationState? = nil, novelty: NoveltyState? = nil, sumError: Double? = nil,
        momentErrors: UnsafeBufferPointer<Double>? = nil, rowSum: UnsafeBufferPointer<Double>? = nil, intercepts: [Double]? = nil,
        balancedIntercepts: [Double]? = nil
    ) {
        self.configuration = configuration
        self.labels = labels
        self.counts = counts
        self.samples = samples
        self.version = version
        self.projection = projection
        self.phases = phases
        self.gram = gram
        self.crossMoment = crossMoment
        self.mean = mean
        self.m2 = m2
        self.weights = weights
        self.sketches = sketches
        self.balancedWeights = balancedWeights
        self.discriminant = discriminant
        self.balancedVersion = balancedVersion
        self.evaluation = evaluation
        self.calibration = calibration
        self.balancedCalibration = balancedCalibration
        self.novelty = novelty
        self.sumError = sumError
        self.momentErrors = momentErrors
        self.rowSum = rowSum
        self.intercepts = intercepts
        self.balancedIntercepts = balancedIntercepts
    }
}

/// A discriminant as stored in a snapshot; `DiscriminantRule` says what its parts are.
public struct SavedDiscriminant {
    /// [V | Z], row-major [D, K].
    public var weights: UnsafeBufferPointer<Double>
    /// The rule's m₀ and t₀ [K].
    public var center: [Double]
    /// μ [C', r].
    public var mean: [Double]
    /// p [C', r].
    public var precision: [Double]
    /// b and γ [C', 2].
    public var classes: [Double]

    /// A discriminant from its parts.
    public init(weights: UnsafeBufferPointer<Double>, center: [Double], mean: [Double], precision: [Double], classes: [Double]) {
        self.weights = weights
        self.center = center
        self.mean = mean
        self.precision = precision
        self.classes = classes
    }

    /// The rule.
    ///
    /// - Returns: nil if the parts do not fit each other or are out of range.
    var rule: DiscriminantRule? {
        guard classes.count % 2 == 0 else { return nil }
        return DiscriminantRule(
            center: center, mean: mean, precision: precision, bias: stride(from: 0, to: classes.count, by: 2).map { classes[$0] },
            marginWeight: stride(from: 1, to: classes.count, by: 2).map { classes[$0] })
    }
}

/// Sketches as stored in a snapshot.
public enum SavedSketches {
    /// No sketches.
    case none
    /// Frequent directions: each class's number of rows and loss, and the rows of all classes one after another, [Σ rows, D].
    case directions(rows: [Int], shrunk: [Double], elements: UnsafeBufferPointer<Double>)
    /// Whole Gram matrices: packed lower triangles, [C, D(D+1)/2].
    case exact(UnsafeBufferPointer<Double>)
}
