internal import LinearAlgebra

/// Weights as predictions read them: Wᵀ in Float32, one padded row per class, at least one class.
struct WeightTable: Sendable {
    /// Wᵀ, [C, stride], padded with zeros so that kernels need no tail.
    let transposed: WeightMemory
    /// Wᵀ in Float64, [C, D], if Float32 would lose digits of it or of the rows it is multiplied with; otherwise nil.
    let exact: [Double]?
    /// The length of a row, a multiple of the kernel's tile.
    let stride: Int
    /// C ≥ 1.
    let classes: Int
    /// b [C], added to the products; empty if there are none.
    let intercepts: [Double]

    /// Copies W [D×C].
    ///
    /// - Parameters:
    ///   - intercepts: b, or empty.
    ///   - norm: the root of the mean square norm of the mapped rows that W comes from.
    ///   - spare: memory to reuse, see `WeightMemory`; it is taken even if there is no table.
    ///   - needsExact: whether Float32 is not enough in any case.
    ///   - components: the root mean square of each of their D components; called only if the norm or W is unusual.
    /// - Returns: nil if W has no class, so that it could score nothing, or has elements that are not finite.
    /// - Complexity: O(D·C).
    init?(
        _ weights: borrowing Matrix, intercepts: [Double] = [], norm: Double, reusing spare: inout WeightMemory?, needsExact: Bool = false,
        components: () -> [Double]
    ) {
        precondition(intercepts.isEmpty || intercepts.count == weights.columns, "intercepts of other classes")
        let (classes, stride) = (weights.columns, ScoreKernel.padded(weights.rows))
        guard classes > 0 else { return nil }
        var magnitude = NarrowedColumns.Magnitude.notFinite
        let memory = WeightMemory.filled(classes * stride, reusing: &spare) {
            magnitude = NarrowedColumns.write(weights, stride: stride, into: $0)
        }
        guard magnitude != .notFinite, intercepts.allSatisfy(\.isFinite) else {
            spare = memory
            return nil
        }
        self.stride = stride
        self.classes = classes
        self.intercepts = intercepts
        transposed = memory
        let isUsual = magnitude == .usual && NarrowedColumns.usual.contains(norm)
        exact = !needsExact && (isUsual || Self.fitsFloat32(weights, components())) ? nil : weights.withElements { Array($0) }
    }

    /// Whether Float32's limited range costs scores of typical rows no more than its rounding does anyway.
    ///
    /// A weight beyond the range is cut off. Below the normal numbers a weight, a component of a row and a product are each up to
    /// 2⁻¹⁵⁰ off.
    ///
    /// - Complexity: O(D·C).
    private static func fitsFloat32(_ weights: borrowing Matrix, _ components: [Double]) -> Bool {
        let highest = components.max() ?? 0
        for column in 0..<weights.columns {
            var (largest, share) = (0.0, 0.0)
            weights.withColumn(column) { weights in
                for (weight, component) in zip(weights, components) {
                    largest = max(largest, abs(weight))
                    share = max(share, abs(weight) * component)
                }
            }
            guard largest > 0 else { continue }
            let lost = 0x1p-150 * max(1, largest, highest)
            guard largest <= Double(Float.greatestFiniteMagnitude), lost <= 0x1p-24 * share else { return false }
        }
        return true
    }

    /// The memory of `exact`.
    var exactBytes: Int { (exact?.count ?? 0) * MemoryLayout<Double>.stride }

    /// A class's weights in Float64: the exact ones, or the widened Float32 ones.
    @inline(__always) func withRow<R>(
        _ column: Int, width: Int, _ body: (UnsafeBufferPointer<Double>?, UnsafeBufferPointer<Float>) -> R
    ) -> R {
        transposed.withUnsafeBufferPointer { narrow in
            let row = UnsafeBufferPointer(rebasing: narrow[(column * stride)..<(column * stride + width)])
            guard let exact else { return body(nil, row) }
            return exact.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[(column * width)..<((column + 1) * width)]), row) }
        }
    }
}

/// Which of a model's weights predict.
public enum WeightsKind: Sendable, Equatable {
    /// W, of one ridge regression over everything learned.
    case plain
    /// W̃, which treats small classes as the model's imbalance setting says.
    case balanced
}
