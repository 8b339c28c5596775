/// A model's state as a snapshot holds it: everything but R, which is solved again.
///
/// Matrices are row-major, as numpy writes them. The buffers need to live only while `Classifier.init(restoring:)` runs.
public struct SavedState {
    /// What the model is.
    public var configuration: ModelConfiguration
    /// Labels in column order.
    public var labels: [Label]
    /// n_c.
    public var counts: [Int]
    /// All rows learned.
    public var samples: Int
    /// The number of the state.
    public var version: Int
    /// Ω row-major [d, D], where the map has one.
    public var projection: [Float]?
    /// G's lower triangle, packed row after row.
    public var gram: UnsafeBufferPointer<Double>
    /// Q [D, C].
    public var crossMoment: UnsafeBufferPointer<Double>
    /// μ [C, d].
    public var mean: UnsafeBufferPointer<Double>
    /// M2 [C, d].
    public var m2: UnsafeBufferPointer<Double>
    /// W [D, C].
    public var weights: UnsafeBufferPointer<Double>

    /// What is kept of each class's own Gram matrix; none where `configuration.sketchRank` is `.rows(0)`.
    public var sketches: SavedSketches
    /// W̃ [D, C'], of the first C' ≤ C classes, where there is one.
    public var balancedWeights: UnsafeBufferPointer<Double>?
    /// The state that W̃ was made from.
    public var balancedVersion: Int
    /// The evaluation so far; nil begins a new one.
    public var evaluation: ProgressiveEvaluation?
    /// What the calibration of the plain weights rests on; nil begins a new one.
    public var calibration: CalibrationState?
    /// The same of the balanced weights.
    public var balancedCalibration: CalibrationState?
    /// The bound of what rounding has left in G; nil in states that older programs have saved, see `pastError`.
    public var sumError: Double?
    /// Per class and component, [C, d], how far M2 may be off for rows that are gone; nil where none is by more than shows anyway.
    public var momentErrors: UnsafeBufferPointer<Double>?

    /// A state from its parts.
    public init(
        configuration: ModelConfiguration, labels: [Label], counts: [Int], samples: Int, version: Int, projection: [Float]?,
        gram: UnsafeBufferPointer<Double>, crossMoment: UnsafeBufferPointer<Double>, mean: UnsafeBufferPointer<Double>,
        m2: UnsafeBufferPointer<Double>, weights: UnsafeBufferPointer<Double>, sketches: SavedSketches = .none,
        balancedWeights: UnsafeBufferPointer<Double>? = nil, balancedVersion: Int = 0, evaluation: ProgressiveEvaluation? = nil,
        calibration: CalibrationState? = nil, balancedCalibration: CalibrationState? = nil,
        sumError: Double? = nil, momentErrors: UnsafeBufferPointer<Double>? = nil
    ) {
        self.configuration = configuration
        self.labels = labels
        self.counts = counts
        self.samples = samples
        self.version = version
        self.projection = projection
        self.gram = gram
        self.crossMoment = crossMoment
        self.mean = mean
        self.m2 = m2
        self.weights = weights
        self.sketches = sketches
        self.balancedWeights = balancedWeights
        self.balancedVersion = balancedVersion
        self.evaluation = evaluation
        self.calibration = calibration
        self.balancedCalibration = balancedCalibration
        self.sumError = sumError
        self.momentErrors = momentErrors
    }
}

/// Sketches as a snapshot holds them.
public enum SavedSketches {
    /// None are kept.
    case none
    /// Frequent directions: for each class how many rows it has and what it has lost, and all classes' rows one after another, [Σ rows, D].
    case directions(rows: [Int], shrunk: [Double], elements: UnsafeBufferPointer<Double>)
    /// Whole Gram matrices: packed lower triangles, [C, D(D+1)/2].
    case exact(UnsafeBufferPointer<Double>)
}
