internal import LinearAlgebra
internal import Synchronization

/// Float64 columns as rows of Float32, in one pass that also finds out whether Float32 is enough.
enum NarrowedColumns {
    /// The largest weight of each class, over all classes that have any.
    enum Magnitude: Int {
        /// Float32 holds every product that matters to a score.
        case usual
        /// Weights are finite, but some may be too large or too small.
        case unusual
        /// Some weight is infinite or not a number.
        case notFinite
    }

    /// The range of row norms and of each class's largest weight in which Float32 holds every product that matters to a score: its lower
    /// end is 2⁷⁶ times Float32's least normal number.
    static let usual = 0x1p-50...0x1p50

    /// Sums of squares of `width` weights that prove the largest of them usual, whatever rounding does to the sum.
    private static func certain(_ width: Int) -> ClosedRange<Double> { Double(width) * 0x1p-98...0x1p98 }

    /// Writes W [D×C] as rows of `stride` elements, padded with zeros, on all threads.
    ///
    /// Finite weights outside Float32's range become its largest numbers.
    ///
    /// - Complexity: O(D·C).
    static func write(_ weights: borrowing Matrix, stride: Int, into target: UnsafeMutableBufferPointer<Float>) -> Magnitude {
        let (width, classes) = (weights.rows, weights.columns)
        precondition(target.count == classes * stride && stride >= width, "rows do not fit")
        let worst = Atomic<Int>(Magnitude.usual.rawValue)
        weights.withElements { elements in
            guard let source = elements.baseAddress, let target = target.baseAddress else { return }
            // Bound by memory: an element takes as long as some operations of a product.
            ComputeThreads.share(classes, granule: 1, operations: 16 * Double(width) * Double(classes)) { columns in
                for column in columns {
                    let magnitude = write(source + column * width, width, to: target + column * stride, stride)
                    if magnitude != .usual { worst.max(magnitude.rawValue, ordering: .relaxed) }
                }
            }
        }
        return Magnitude(rawValue: worst.load(ordering: .relaxed)) ?? .notFinite
    }

    private static func write(
        _ source: UnsafePointer<Double>, _ width: Int, to target: UnsafeMutablePointer<Float>, _ stride: Int
    ) -> Magnitude {
        // The sum of squares replaces the largest magnitude: it needs no comparisons, and is not finite if some element is not.
        let (from, to) = (UnsafeRawPointer(source), UnsafeMutableRawPointer(target))
        var sums = SIMD8<Double>.zero
        let even = width / 8 * 8
        for row in Swift.stride(from: 0, to: even, by: 8) {
            let values = from.loadUnaligned(fromByteOffset: row * 8, as: SIMD8<Double>.self)
            sums += values * values
            to.storeBytes(of: SIMD8<Float>(values), toByteOffset: row * 4, as: SIMD8<Float>.self)
        }
        var sum = sums.sum()
        for row in even..<width {
            sum += source[row] * source[row]
            target[row] = Float(source[row])
        }
        for row in width..<stride { target[row] = 0 }
        return certain(width).contains(sum) ? .usual : clamp(source, width, to: target)
    }

    /// The same with comparisons, for weights whose squares say too little.
    private static func clamp(_ source: UnsafePointer<Double>, _ width: Int, to target: UnsafeMutablePointer<Float>) -> Magnitude {
        let bound = Double(Float.greatestFiniteMagnitude)
        var largest = 0.0
        for row in 0..<width {
            guard source[row].isFinite else { return .notFinite }
            largest = max(largest, abs(source[row]))
            target[row] = Float(min(max(source[row], -bound), bound))
        }
        // A class without rows has weights of exactly zero.
        return largest == 0 || usual.contains(largest) ? .usual : .unusual
    }
}
