internal import LinearAlgebra

/// A configuration that cannot be served, and why.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The path of the key, as in `feature_map.width`.
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
    /// The largest dimension and width: beyond it D² could not be addressed, whatever the machine.
    public static let maximumExtent = 1 << 20
    /// The most pseudo-features that are drawn for a class, also where `cap` is 0: a count in a snapshot must not keep a job busy for ever.
    public static let largestCap = 1_000_000

    /// Checks every value on its own; whether the model fits in memory is asked with `estimatedBytes`.
    ///
    /// - Throws: `ConfigurationError` that names the key and the expected value.
    public func validate() throws(ConfigurationError) {
        try Self.check(dimension, 1...Self.maximumExtent, "dimension")
        if case .randomRelu(let width, _) = featureMap {
            try Self.check(width, 1...Self.maximumExtent, "feature_map.width")
        }
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
                throw ConfigurationError(field: "sketch_rank", message: "must be at least 1, or \"exact\", where imbalance is reweight")
            }
        }
        if case .rows(let rank) = sketchRank { try Self.check(rank, 0...4096, "sketch_rank") }
    }

    private static func check(_ value: Int, _ range: ClosedRange<Int>, _ field: String) throws(ConfigurationError) {
        guard range.contains(value) else {
            throw ConfigurationError(
                field: field, message: "must be an integer from \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
    }

    /// The memory a model with so many classes holds between requests, in bytes: mostly 8D² and little more for the square of G and R.
    ///
    /// - Returns: nil where the number does not fit a 64-bit integer.
    public func estimatedBytes(classes: Int) -> Int? {
        let width = Double(width)
        let dimension = Double(dimension)
        let classes = Double(classes)
        var doubles = SymmetricPair.bytes(dimension: self.width).map { Double($0) / 8 } ?? .infinity
        // What sums have lost, of G and of Q.
        if SymmetricPair.isCompensated(dimension: self.width) { doubles += width * width + width * classes }
        // Ω in Float64, and in Float32 in tiles.
        if case .randomRelu = featureMap { doubles += dimension * (width + Double(ScoreKernel.padded(self.width)) / 2) }
        // The block buffers of the view, where rows of the identity map are not copied to; then the weights and the cross moment of each
        // class, with its two moments.
        doubles += width * Double(CostModel(width: self.width).scratchColumns) + 2 * width * classes + 2 * dimension * classes
        if case .identity = featureMap { doubles -= width * Double(CostModel(width: self.width).blockRows - 1) }
        // Each state published has its weights in Float32; readers may still hold the one before.
        doubles += 2 * Double(ScoreKernel.padded(self.width)) / 2 * classes
        if imbalance != .none { doubles += (width + Double(ScoreKernel.padded(self.width)) / 2) * classes }
        switch sketchRank {
        case .rows(let rank):
            let rows = 2 * Double(rank)
            doubles += classes * rows * width
            // The buffers of a rotation: rows, their products, and the eigensolver's two squares.
            doubles += rows * width + 3 * rows * rows
        case .exact:
            doubles += classes * width * (width + 1) / 2
            doubles += width * Double(CostModel(width: self.width).blockRows)
        }
        return Self.bytes(doubles)
    }

    /// The memory that making balanced weights of so many classes takes while it lasts, in bytes: mostly the D²·8 of one square.
    ///
    /// Sketches that are written to meanwhile are copied and come on top. An ill conditioned matrix takes 2D²·8 more.
    ///
    /// - Returns: nil where the number does not fit a 64-bit integer; 0 where no balanced weights are wanted.
    public func estimatedBalanceBytes(classes: Int) -> Int? {
        guard imbalance != .none else { return 0 }
        let (width, dimension, classes) = (Double(width), Double(dimension), Double(classes))
        let rows = Double(BalanceProblem.blockRows(width: self.width))
        var doubles = width * width + width * classes + rows * width
        if case .pseudoFeatures = imbalance { doubles += dimension * (2 * classes + rows) }
        return Self.bytes(doubles)
    }

    private static func bytes(_ doubles: Double) -> Int? {
        let bytes = doubles * 8
        return bytes < 9e18 ? Int(bytes) : nil
    }

    /// The memory that each further class takes, in bytes.
    public var bytesPerClass: Int? {
        guard let none = estimatedBytes(classes: 0), let some = estimatedBytes(classes: 1024) else { return nil }
        return (some - none) / 1024
    }
}
