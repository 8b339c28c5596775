internal import CScoreKernel
internal import LinearAlgebra

/// f of a random feature map, given z = xΩ: what follows the product.
///
/// It has the same bits on every machine: the functions are our own, with operations whose rounding IEEE 754 fixes (`Activations.h` states
/// their errors), and phases are Float32 values.
public struct RandomActivation: Sendable {
    /// f.
    let kind: RandomFeatures.Activation
    /// The columns of Ω.
    let outputs: Int
    /// d.
    let inputs: Int
    /// Whether x follows f(z).
    let includesInput: Bool
    /// What z is multiplied with: the scale, or for cosines 1/(2π·scale), which makes turns of it.
    let factor: Double
    /// √(2/width) of cosines.
    let amplitude: Double
    /// b/2π of cosines, in turns from 0 to 1, padded with zeros to whole tiles; otherwise empty.
    let paddedPhases: [Float]

    /// - Parameters:
    ///   - features: the settings; `Scale.automatic` counts as 1 until it is chosen.
    ///   - phases: b/2π, if they already exist, for example in a snapshot; otherwise they are drawn from the seed.
    init(_ features: RandomFeatures, inputs: Int, phases: [Float]? = nil) {
        var scale = 1.0
        if case .fixed(let number) = features.scale { scale = number }
        kind = features.activation
        outputs = features.width
        self.inputs = inputs
        includesInput = features.includesInput
        factor = kind == .cosine ? 1 / (2 * Double.pi * scale) : scale
        amplitude = (2 / Double(features.width)).squareRoot()
        guard kind == .cosine else {
            paddedPhases = []
            return
        }
        let values = phases ?? Self.phases(count: features.width, seed: features.seed)
        precondition(values.count == features.width, "phases of another width")
        paddedPhases = values + [Float](repeating: 0, count: ScoreKernel.padded(values.count) - values.count)
    }

    /// b/2π of cosines, in turns; otherwise nil.
    public var phases: [Float]? { kind == .cosine ? Array(paddedPhases.prefix(outputs)) : nil }

    /// D.
    var width: Int { outputs + (includesInput ? inputs : 0) }

    /// The upper 24 bits of word j mod 4 of Philox at counter (j/4, 0, 1, 0), keyed with the seed, divided by 2²⁴.
    private static func phases(count: Int, seed: UInt64) -> [Float] {
        let generator = Philox4x32(key: seed)
        return (0..<count).map { column in
            let block = UInt64(column / 4)
            let words = generator.words(SIMD4(UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), 1, 0))
            return Float(words[column % 4] >> 8) * 0x1p-24
        }
    }

    // MARK: Applying

    /// z ← f(z), in Float64.
    func apply(_ z: UnsafeMutableBufferPointer<Double>, with vectors: ScoreVectors = .widest) {
        precondition(z.count == outputs, "another number of outputs")
        guard let base = z.baseAddress else { return }
        paddedPhases.withUnsafeBufferPointer { phases in
            switch kind {
            case .relu: activation_relu_f64(base, outputs, factor)
            case .gelu:
                #if arch(x86_64)
                    if vectors >= .avx2 { return activation_avx2_gelu_f64(base, outputs, factor) }
                #endif
                activation_common_gelu_f64(base, outputs, factor)
            case .cosine:
                #if arch(x86_64)
                    if vectors >= .avx2 {
                        return activation_avx2_cosine_f64(base, phases.baseAddress, outputs, factor, amplitude)
                    }
                #endif
                activation_common_cosine_f64(base, phases.baseAddress, outputs, factor, amplitude)
            }
        }
    }

    /// z ← f(z), in Float32.
    func apply(_ z: UnsafeMutableBufferPointer<Float>, with vectors: ScoreVectors = .widest) {
        precondition(z.count == outputs, "another number of outputs")
        guard let base = z.baseAddress else { return }
        let (factor, amplitude) = (Float(factor), Float(amplitude))
        paddedPhases.withUnsafeBufferPointer { phases in
            switch kind {
            case .relu: activation_relu_f32(base, outputs, factor)
            case .gelu:
                #if arch(x86_64)
                    if vectors >= .avx2 { return activation_avx2_gelu_f32(base, outputs, factor) }
                #endif
                activation_common_gelu_f32(base, outputs, factor)
            case .cosine:
                #if arch(x86_64)
                    if vectors >= .avx2 {
                        return activation_avx2_cosine_f32(base, phases.baseAddress, outputs, factor, amplitude)
                    }
                #endif
                activation_common_cosine_f32(base, phases.baseAddress, outputs, factor, amplitude)
            }
        }
    }

    /// H ← [f(Z) | X] for columns of Zᵀ in the first rows of Hᵀ.
    ///
    /// - Complexity: O(n·D).
    func apply(_ h: inout Matrix, x: borrowing Matrix) {
        let (rows, columns) = (h.rows, h.columns)
        x.withElements { x in
            h.withMutableElements { h in
                // An element takes as long as some dozens of operations of a product.
                ComputeThreads.share(columns, granule: 1, operations: 64 * Double(rows) * Double(columns)) { range in
                    for column in range {
                        apply(UnsafeMutableBufferPointer(rebasing: h[(column * rows)..<(column * rows + outputs)]))
                        guard includesInput else { continue }
                        let input = UnsafeBufferPointer(rebasing: x[(column * inputs)..<((column + 1) * inputs)])
                        _ = UnsafeMutableBufferPointer(rebasing: h[(column * rows + outputs)..<((column + 1) * rows)])
                            .update(fromContentsOf: input)
                    }
                }
            }
        }
    }

    /// The same for rows of Float32 of length `stride`, whose other values become zeros.
    func apply(_ h: UnsafeMutableBufferPointer<Float>, x: UnsafeBufferPointer<Float>, rows: Int, stride: Int) {
        precondition(x.count >= rows * inputs && h.count >= rows * stride && stride >= width, "rows do not fit")
        for row in 0..<rows {
            let target = UnsafeMutableBufferPointer(rebasing: h[(row * stride)..<((row + 1) * stride)])
            apply(UnsafeMutableBufferPointer(rebasing: target[..<outputs]))
            if includesInput {
                let input = UnsafeBufferPointer(rebasing: x[(row * inputs)..<((row + 1) * inputs)])
                _ = UnsafeMutableBufferPointer(rebasing: target[outputs..<width]).update(fromContentsOf: input)
            }
            UnsafeMutableBufferPointer(rebasing: target[width...]).update(repeating: 0)
        }
    }
}
