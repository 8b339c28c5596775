internal import LinearAlgebra

/// Ω ∈ R^{d×D} of a random map, immutable; the learner and all published weights share it.
///
/// Its values *are* Float32. Learning uses a copy widened to Float64. Predictions use a copy in tiles of 64 outputs: mapping one
/// row reads memory sequentially, and mapping many rows is one `sgemm` per tile.
public final class RandomProjection: Sendable {
    /// Outputs per tile.
    static let tile = 64

    /// d.
    public let inputs: Int
    /// D.
    public let outputs: Int
    /// Ωᵀ as a column-major D×d matrix: row-major [d, D].
    let widened: Matrix
    /// [D/64, d, 64], the last tile padded with zeros.
    let tiles: [Float]

    /// Draws Ω.
    ///
    /// Element (i, j) comes from word e mod 4 of Philox at counter (e/4, 0), e = i·D + j, keyed with the seed.
    ///
    /// - For U(−1/√d, 1/√d) its upper 24 bits k become ((2k+1)·2⁻²⁴ − 1)/√d: the first factor is exact in Float32 and the
    ///   product is rounded once.
    /// - For N(0, 1) words 0 and 1 become two elements, and so do words 2 and 3, by the Box–Muller transform of `NormalDraws`,
    ///   rounded to Float32.
    ///
    /// The bits are the same on every machine.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    public convenience init(
        inputs: Int, outputs: Int, seed: UInt64, distribution: RandomFeatures.Distribution = .uniform
    ) throws {
        let generator = Philox4x32(key: seed)
        let scale = Float(1 / Double(inputs).squareRoot())
        var values = SIMD4<Float>()
        try self.init(inputs: inputs, outputs: outputs) { (element: Int) in
            if element % 4 == 0 {
                let block = UInt64(element / 4)
                let words = generator.words(SIMD4(UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), 0, 0))
                values = distribution == .normal ? Self.normal(words) : Self.uniform(words, scale)
            }
            return values[element % 4]
        }
    }

    private static func uniform(_ words: SIMD4<UInt32>, _ scale: Float) -> SIMD4<Float> {
        let odd = SIMD4<Int32>(truncatingIfNeeded: words &>> 8) &* 2 &+ (1 - (1 << 24))
        return SIMD4<Float>(odd) * 0x1p-24 * scale
    }

    private static func normal(_ words: SIMD4<UInt32>) -> SIMD4<Float> {
        let (first, second) = (NormalDraws.pair(words.x, words.y), NormalDraws.pair(words.z, words.w))
        return SIMD4(Float(first.0), Float(first.1), Float(second.0), Float(second.1))
    }

    /// Uses an existing Ω, for example from a snapshot.
    ///
    /// - Parameters:
    ///   - inputs: d.
    ///   - outputs: D.
    ///   - elements: Ω row-major [d, D].
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    public convenience init(inputs: Int, outputs: Int, elements: [Float]) throws {
        precondition(elements.count == inputs * outputs, "a projection of another size")
        try self.init(inputs: inputs, outputs: outputs) { elements[$0] }
    }

    private init(inputs: Int, outputs: Int, element: (Int) -> Float) throws {
        var widened = try Matrix(rows: outputs, columns: inputs)
        let tileCount = (outputs + Self.tile - 1) / Self.tile
        self.inputs = inputs
        self.outputs = outputs
        tiles = [Float](unsafeUninitializedCapacity: tileCount * inputs * Self.tile) { buffer, count in
            buffer.initialize(repeating: 0)
            widened.withMutableElements { doubles in
                for input in 0..<inputs {
                    for output in 0..<outputs {
                        let value = element(input * outputs + output)
                        doubles[input * outputs + output] = Double(value)
                        buffer[((output / Self.tile) * inputs + input) * Self.tile + output % Self.tile] = value
                    }
                }
            }
            count = buffer.count
        }
        self.widened = widened
    }

    /// Row i of Ω, as Float32.
    ///
    /// - Complexity: O(D).
    public func row(_ input: Int) -> [Float] {
        widened.withColumn(input) { $0.map(Float.init) }
    }
}
