internal import Glibc

/// A whole cut into pieces. Each thread takes the next piece when it finishes one.
///
/// Guided self-scheduling (Polychronopoulos, Kuck 1987): a piece is a fixed fraction of what is left. Pieces are therefore few, and the
/// last ones, which the other threads wait for, are small even if a thread starts late or is held up.
struct GuidedPieces {
    let count: Int
    /// Pieces that are a fraction of what is left; the rest have equal size.
    private let shrinking: Int
    /// What is left after a piece over what was left before it.
    private let ratio: Double

    /// - Parameters:
    ///   - threads: at least 1.
    ///   - most: the largest number of pieces, at least 1. Shrinking pieces are larger than 1/most of the whole.
    init(threads: Int, most: Int) {
        precondition(threads > 0 && most > 0, "no thread, or no piece")
        let least = max(1 / Double(most), 1 / (KernelCosts.lastPieces * Double(threads)))
        let part = 1 / (KernelCosts.pieceShare * Double(threads))
        ratio = 1 - part
        var (left, shrinking) = (1.0, 0)
        while left * part > least {
            left *= ratio
            shrinking += 1
        }
        self.shrinking = shrinking
        // At least half of a least piece is left.
        count = shrinking + Int((left / least).rounded())
    }

    /// Start and end of a piece within 0...1; the next one starts where it ends.
    subscript(index: Int) -> Range<Double> { start(index)..<start(index + 1) }

    private func start(_ index: Int) -> Double {
        guard index < count else { return 1 }
        guard index > shrinking else { return 1 - pow(ratio, Double(index)) }
        let left = pow(ratio, Double(shrinking))
        return 1 - left + left * Double(index - shrinking) / Double(count - shrinking)
    }
}
