internal import LinearAlgebra

/// Weights as predictions read them: Wᵀ in Float32, one padded row a class.
struct WeightTable: Sendable {
    /// Wᵀ, [C, stride] with zeros behind each row, so that kernels need no tail.
    let transposed: [Float]
    /// The length of a row, a multiple of the kernel's tile.
    let stride: Int
    /// C.
    let classes: Int

    /// Copies W [D×C].
    ///
    /// - Complexity: O(D·C).
    init(_ weights: borrowing Matrix) {
        let (width, classes, stride) = (weights.rows, weights.columns, ScoreKernel.padded(weights.rows))
        self.stride = stride
        self.classes = classes
        guard classes > 0 else {
            // Writing no elements would write the length of the empty array that all threads share.
            transposed = []
            return
        }
        transposed = weights.withElements { elements in
            [Float](unsafeUninitializedCapacity: classes * stride) { buffer, count in
                // A finite Float64 past Float32's range stays finite.
                let largest = Double(Float.greatestFiniteMagnitude)
                let bounds = (lower: SIMD8<Double>(repeating: -largest), upper: SIMD8(repeating: largest))
                for column in 0..<classes {
                    guard let source = elements.baseAddress.map({ UnsafeRawPointer($0 + column * width) }),
                        let target = buffer.baseAddress.map({ $0 + column * stride })
                    else { break }
                    let even = width / 8 * 8
                    for row in Swift.stride(from: 0, to: even, by: 8) {
                        let values = source.loadUnaligned(fromByteOffset: row * 8, as: SIMD8<Double>.self)
                        let narrow = SIMD8<Float>(values.clamped(lowerBound: bounds.lower, upperBound: bounds.upper))
                        UnsafeMutableRawPointer(target + row).storeBytes(of: narrow, as: SIMD8<Float>.self)
                    }
                    for row in even..<width {
                        target[row] = Float(min(max(source.load(fromByteOffset: row * 8, as: Double.self), -largest), largest))
                    }
                    for row in width..<stride { target[row] = 0 }
                }
                count = classes * stride
            }
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
