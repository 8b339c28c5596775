internal import LinearAlgebra

/// Weights as predictions read them: Wᵀ in Float32, one padded row per class, at least one class.
struct WeightTable: Sendable {
    /// Wᵀ, [C, stride], padded with zeros so that kernels need no tail.
    let transposed: [Float]
    /// Wᵀ in Float64, [C, D], if Float32 would lose digits of it or of the rows it is multiplied with; otherwise nil.
    let exact: [Double]?
    /// The length of a row, a multiple of the kernel's tile.
    let stride: Int
    /// C ≥ 1.
    let classes: Int

    /// Copies W [D×C].
    ///
    /// - Parameters:
    ///   - norm: the root of the mean square norm of the mapped rows that W comes from.
    ///   - components: the root mean square of each of their D components; called only if the norm or W is unusual.
    /// - Returns: nil if W has no class: it could score nothing.
    /// - Complexity: O(D·C).
    init?(_ weights: borrowing Matrix, norm: Double, components: () -> [Double]) {
        let (width, classes, stride) = (weights.rows, weights.columns, ScoreKernel.padded(weights.rows))
        guard classes > 0 else { return nil }
        self.stride = stride
        self.classes = classes
        var isUsual = Self.usual.contains(norm)
        transposed = weights.withElements { elements in
            [Float](unsafeUninitializedCapacity: classes * stride) { buffer, count in
                // A finite Float64 outside Float32's range stays finite.
                let bound = Double(Float.greatestFiniteMagnitude)
                let bounds = (lower: SIMD8<Double>(repeating: -bound), upper: SIMD8(repeating: bound))
                for column in 0..<classes {
                    guard let source = elements.baseAddress.map({ UnsafeRawPointer($0 + column * width) }),
                        let target = buffer.baseAddress.map({ $0 + column * stride })
                    else { break }
                    var (highest, lowest) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
                    var largest = 0.0
                    let even = width / 8 * 8
                    for row in Swift.stride(from: 0, to: even, by: 8) {
                        let values = source.loadUnaligned(fromByteOffset: row * 8, as: SIMD8<Double>.self)
                        let narrow = SIMD8<Float>(values.clamped(lowerBound: bounds.lower, upperBound: bounds.upper))
                        UnsafeMutableRawPointer(target + row).storeBytes(of: narrow, as: SIMD8<Float>.self)
                        highest = pointwiseMax(highest, values)
                        lowest = pointwiseMin(lowest, values)
                    }
                    for row in even..<width {
                        let value = source.load(fromByteOffset: row * 8, as: Double.self)
                        target[row] = Float(min(max(value, -bound), bound))
                        largest = max(largest, abs(value))
                    }
                    for row in width..<stride { target[row] = 0 }
                    largest = max(largest, highest.max(), -lowest.min())
                    // A class without rows has weights of exactly zero.
                    if largest != 0, !Self.usual.contains(largest) { isUsual = false }
                }
                count = classes * stride
            }
        }
        exact = isUsual || Self.fitsFloat32(weights, components()) ? nil : weights.withElements { Array($0) }
    }

    /// The range of row norms and of each class's largest weight in which Float32 holds every product that matters to a score: its lower
    /// end is 2⁷⁶ times Float32's least normal number.
    private static let usual = 0x1p-50...0x1p50

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
