/// Why a configuration is invalid.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The path of the key, such as `feature_map.width`.
    public let field: String
    /// What it must be, and what it is.
    public let message: String

    /// An error about one key.
    public init(field: String, message: String) {
        self.field = field
        self.message = message
    }

    /// The key and the message.
    public var description: String { "\(field) \(message)" }
}

extension ModelConfiguration {
    /// The largest dimension and width: beyond it D² could not be addressed on any machine.
    public static let maximumExtent = 1 << 20
    /// The most pseudo-features drawn for a class, even if `cap` is 0: a count in a snapshot must not keep a job busy for ever.
    public static let largestCap = 1_000_000

    /// Checks each value by itself; `estimatedBytes` tells whether the model fits in memory.
    ///
    /// - Throws: `ConfigurationError` that names the key and the expected value.
    public func validate() throws(ConfigurationError) {
        try Self.check(dimension, 1...Self.maximumExtent, "dimension")
        if case .randomRelu(let width, _) = featureMap {
            try Self.check(width, 1...Self.maximumExtent, "feature_map.width")
        }
        if case .random(let features) = featureMap { try features.validate(dimension: dimension) }
        guard ridge.isFinite, ridge > 0 else {
            throw ConfigurationError(field: "ridge", message: "must be a finite number greater than 0, not \(ridge)")
        }
        switch imbalance {
        case .none: break
        case .pseudoFeatures(let noise, let cap, _):
            guard noise.isFinite, noise >= 0, noise <= 1e6 else {
                throw ConfigurationError(field: "imbalance.noise", message: "must be a number from 0 to 1e6, not \(noise)")
            }
            try Self.check(cap, 0...Self.largestCap, "imbalance.cap")
        case .reweight(let power):
            guard power.isFinite, power >= 0, power <= 4 else {
                throw ConfigurationError(field: "imbalance.power", message: "must be a number from 0 to 4, not \(power)")
            }
            guard sketchRank != .rows(0) else {
                throw ConfigurationError(field: "sketch_rank", message: "must be at least 1, or \"exact\", if imbalance is reweight")
            }
            // The sums around the mean of what sketches have lost would be negative.
            guard !intercept || sketchRank == .exact else {
                throw ConfigurationError(
                    field: "sketch_rank", message: "must be \"exact\" if imbalance is reweight and the model has an intercept")
            }
        case .discriminant(let falseShare, _):
            guard falseShare > 0, falseShare <= 0.5 else {
                throw ConfigurationError(
                    field: "imbalance.false_share", message: "must be a number greater than 0 and at most 0.5, not \(falseShare)")
            }
        }
        guard balance >= 0, balance <= 1 else {
            throw ConfigurationError(field: "balance", message: "must be a number from 0 to 1, not \(balance)")
        }
        if case .rows(let rank) = sketchRank { try Self.check(rank, 0...4096, "sketch_rank") }
    }

    static func check(_ value: Int, _ range: ClosedRange<Int>, _ field: String) throws(ConfigurationError) {
        guard range.contains(value) else {
            throw ConfigurationError(
                field: field, message: "must be an integer from \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
    }
}
