/// The settings of a random feature map: h = f(xΩ), with Ω ∈ R^{d×width} drawn at random.
public struct RandomFeatures: Equatable, Sendable {
    /// f, and what is drawn.
    public enum Activation: String, CaseIterable, Sendable {
        /// h = max(0, scale·xΩ).
        case relu
        /// h = z·Φ(z) with z = scale·xΩ and Φ the distribution function of N(0, 1) (Hendrycks and Gimpel, arXiv 1606.08415).
        case gelu
        /// h = √(2/width)·cos(xΩ/scale + b), b ~ U(0, 2π): random Fourier features of the kernel exp(−‖x − y‖²/(2·scale²))
        /// (Rahimi and Recht, NIPS 2007).
        case cosine = "cos"

        /// The distribution of Ω unless another is set.
        public var distribution: Distribution { self == .cosine ? .normal : .uniform }
    }

    /// The distribution of the elements of Ω.
    public enum Distribution: String, CaseIterable, Sendable {
        /// U(−1/√d, 1/√d), as of `random_relu`.
        case uniform
        /// N(0, 1).
        case normal
    }

    /// The scale of the arguments of f.
    public enum Scale: Equatable, Sendable {
        /// A number in `allowed`.
        case fixed(Double)
        /// For cosines: the median distance between rows of the first learn, which then takes this place. See `MedianDistance`.
        case automatic

        /// Scales whose maps are finite for all features.
        public static let allowed = 1e-30...1e30
    }

    /// f.
    public var activation: Activation
    /// The number of columns of Ω.
    public var width: Int
    /// The key of the generator that draws Ω and b.
    public var seed: UInt64
    /// The scale of the arguments of f.
    public var scale: Scale
    /// The distribution of the elements of Ω.
    public var distribution: Distribution
    /// Whether h ends with x, so that D = width + d.
    public var includesInput: Bool

    /// Settings; omitted values take their defaults.
    ///
    /// - Parameter distribution: by default that of the activation.
    public init(
        _ activation: Activation, width: Int, seed: UInt64 = 0, scale: Scale = .fixed(1), distribution: Distribution? = nil,
        includesInput: Bool = false
    ) {
        self.activation = activation
        self.width = width
        self.seed = seed
        self.scale = scale
        self.distribution = distribution ?? activation.distribution
        self.includesInput = includesInput
    }

    /// Checks each value by itself.
    ///
    /// - Parameter dimension: d.
    /// - Throws: `ConfigurationError` that names the key and the expected value.
    func validate(dimension: Int) throws(ConfigurationError) {
        try ModelConfiguration.check(width, 1...ModelConfiguration.maximumExtent, "feature_map.width")
        if includesInput, width + dimension > ModelConfiguration.maximumExtent {
            throw ConfigurationError(
                field: "feature_map.width",
                message: "and dimension must together be at most \(ModelConfiguration.maximumExtent) if include_input is true, not "
                    + "\(width + dimension)")
        }
        switch scale {
        case .fixed(let scale):
            guard Scale.allowed.contains(scale) else {
                throw ConfigurationError(field: "feature_map.scale", message: "must be a number from 1e-30 to 1e30, not \(scale)")
            }
        case .automatic:
            guard activation == .cosine else {
                throw ConfigurationError(
                    field: "feature_map.scale", message: "must be a number if activation is \(activation.rawValue): \"auto\" is for cos")
            }
        }
        guard activation != .cosine || distribution == .normal else {
            throw ConfigurationError(
                field: "feature_map.distribution", message: "must be normal if activation is cos, not \(distribution.rawValue)")
        }
    }
}

extension ModelConfiguration {
    /// Whether the first learn has to choose the scale of the feature map.
    public var needsScale: Bool {
        if case .random(let features) = featureMap { return features.scale == .automatic }
        return false
    }

    /// Lets the rows of the first request choose the scale, if the feature map needs one.
    ///
    /// - Throws: `ScaleError`; nothing has changed then.
    package mutating func chooseScale(for features: UnsafeBufferPointer<Double>) throws(ScaleError) {
        if needsScale { setScale(try MedianDistance.of(features, dimension: dimension)) }
    }

    /// Puts a chosen scale in the place of `Scale.automatic`.
    mutating func setScale(_ scale: Double) {
        guard case .random(var features) = featureMap else { preconditionFailure("the map has no scale") }
        features.scale = .fixed(scale)
        featureMap = .random(features)
    }

    /// Whether a model with this configuration is what a client asks for: a scale that was chosen is one that chooses itself.
    package func answers(_ wish: ModelConfiguration) -> Bool {
        var wish = wish.settings
        if case .random(var wished) = wish.featureMap, wished.scale == .automatic, case .random(let mine) = featureMap {
            wished.scale = mine.scale
            wish.featureMap = .random(wished)
        }
        return settings == wish
    }
}
