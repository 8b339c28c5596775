internal import LinearAlgebra

/// φ: from a feature vector x of length d to h of length D.
public enum FeatureMap: Sendable {
    /// h = x.
    case identity(dimension: Int)
    /// h = max(0, xΩ).
    case randomRelu(RandomProjection)

    /// The map a configuration describes; draws Ω where there is one.
    ///
    /// - Complexity: O(d·D).
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    public init(_ configuration: ModelConfiguration) throws {
        switch configuration.featureMap {
        case .identity: self = .identity(dimension: configuration.dimension)
        case .randomRelu(let width, let seed):
            self = .randomRelu(try RandomProjection(inputs: configuration.dimension, outputs: width, seed: seed))
        }
    }

    /// d.
    public var dimension: Int {
        switch self {
        case .identity(let dimension): dimension
        case .randomRelu(let projection): projection.inputs
        }
    }

    /// D.
    public var width: Int {
        switch self {
        case .identity(let dimension): dimension
        case .randomRelu(let projection): projection.outputs
        }
    }

    /// Ω, where there is one.
    public var projection: RandomProjection? {
        if case .randomRelu(let projection) = self { return projection }
        return nil
    }

    /// Maps rows in Float64, for learning: Hᵀ ← φ(X)ᵀ.
    ///
    /// - Parameters:
    ///   - x: the rows of X one after another, n·d values.
    ///   - inputs: a buffer of d rows; overwritten.
    ///   - h: receives Hᵀ [D×n].
    /// - Complexity: O(n·d·D).
    func map(
        _ x: UnsafeBufferPointer<Double>, inputs: inout Matrix, into h: inout Matrix
    ) throws(LinearAlgebraError) {
        let rows = x.count / dimension
        precondition(rows * dimension == x.count, "a row is cut short")
        try h.reshapeScratch(columns: rows)
        switch self {
        case .identity:
            h.withMutableElements { _ = $0.update(fromContentsOf: x) }
        case .randomRelu(let projection):
            try inputs.reshapeScratch(columns: rows)
            inputs.withMutableElements { _ = $0.update(fromContentsOf: x) }
            h.multiply(projection.widened, by: inputs)
            h.withMutableElements { for index in $0.indices { $0[index] = max($0[index], 0) } }
        }
    }
}
