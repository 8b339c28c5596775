package import LinearAlgebra

/// φ: from a feature vector x of length d to h of length D.
public enum FeatureMap: Sendable {
    /// h = x.
    case identity(dimension: Int)
    /// h = max(0, xΩ).
    case randomRelu(RandomProjection)
    /// h = f(xΩ), or that followed by x.
    case random(RandomProjection, RandomActivation)

    /// The map that a configuration describes; draws Ω if it has one.
    ///
    /// - Complexity: O(d·D).
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    public init(_ configuration: ModelConfiguration) throws {
        switch configuration.featureMap {
        case .identity: self = .identity(dimension: configuration.dimension)
        case .randomRelu(let width, let seed):
            self = .randomRelu(try RandomProjection(inputs: configuration.dimension, outputs: width, seed: seed))
        case .random(let features):
            let projection = try RandomProjection(
                inputs: configuration.dimension, outputs: features.width, seed: features.seed, distribution: features.distribution)
            self = .random(projection, RandomActivation(features, inputs: configuration.dimension))
        }
    }

    /// The memory of a map in doubles: Ω in Float64, and in Float32 in tiles; and phases.
    static func doubles(_ configuration: ModelConfiguration) -> Double {
        guard let outputs = configuration.projectionWidth else { return 0 }
        let padded = Double(ScoreKernel.padded(outputs))
        return Double(configuration.dimension) * (Double(outputs) + padded / 2) + padded / 2
    }

    /// The same map with another scale; Ω is shared.
    package func with(_ configuration: ModelConfiguration) -> FeatureMap {
        guard case .random(let projection, let activation) = self, case .random(let features) = configuration.featureMap else {
            return self
        }
        return .random(projection, RandomActivation(features, inputs: projection.inputs, phases: activation.phases))
    }

    /// d.
    public var dimension: Int {
        switch self {
        case .identity(let dimension): dimension
        case .randomRelu(let projection), .random(let projection, _): projection.inputs
        }
    }

    /// D.
    public var width: Int {
        switch self {
        case .identity(let dimension): dimension
        case .randomRelu(let projection): projection.outputs
        case .random(_, let activation): activation.width
        }
    }

    /// Whether h = x.
    var isIdentity: Bool { projection == nil }

    /// Ω, if the map has one.
    public var projection: RandomProjection? {
        switch self {
        case .identity: nil
        case .randomRelu(let projection), .random(let projection, _): projection
        }
    }

    /// b/2π, in turns, if the map has cosines.
    public var phases: [Float]? {
        if case .random(_, let activation) = self { return activation.phases }
        return nil
    }

    /// Maps rows in Float64, for learning, and calls `body` with Hᵀ = φ(X)ᵀ [D×n]. Two or more identity rows are not copied.
    ///
    /// - Parameters:
    ///   - x: the rows of X one after another, n·d values, at least one row.
    ///   - h: a buffer of D rows; overwritten unless several identity rows are mapped.
    /// - Complexity: O(n·d·D).
    func withMapped<R>(
        _ x: UnsafeBufferPointer<Double>, buffer h: inout Matrix, _ body: (borrowing Matrix) throws(LinearAlgebraError) -> R
    ) throws(LinearAlgebraError) -> R {
        if isIdentity {
            guard x.count == dimension else { return try Matrix.withView(of: x, rows: dimension, body) }
            // OpenBLAS 0.3.21's `dsymv`, which multiplies a single row, reads past the end of a vector; the buffer of a matrix is
            // longer.
            try h.reshapeScratch(columns: 1)
            h.withMutableElements { _ = $0.update(fromContentsOf: x) }
            return try body(h)
        }
        try Matrix.withView(of: x, rows: dimension) { (x) throws(LinearAlgebraError) in
            try map(x, columns: x.columns, into: &h)
        }
        return try body(h)
    }

    /// Maps rows that are already columns of a matrix: Hᵀ ← φ(X)ᵀ for the first columns of Xᵀ.
    package func map(_ x: borrowing Matrix, columns: Int, into h: inout Matrix) throws(LinearAlgebraError) {
        try h.reshapeScratch(columns: columns)
        switch self {
        case .identity: h.setColumns(from: 0, to: x, columns: 0..<columns)
        case .randomRelu(let projection):
            h.multiply(projection.widened, columns: nil, by: x, columns: 0..<columns)
            h.withMutableElements { for index in $0.indices { $0[index] = max($0[index], 0) } }
        case .random(let projection, let activation):
            h.multiply(projection.widened, columns: nil, by: x, columns: 0..<columns, firstRows: true)
            activation.apply(&h, x: x)
        }
    }
}
