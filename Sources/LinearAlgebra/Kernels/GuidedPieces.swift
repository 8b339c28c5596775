internal import Glibc

/// A whole cut into pieces for threads that each take the next one when they are done with the one before.
///
/// Guided self-scheduling (Polychronopoulos, Kuck 1987): a piece is a part of what is left, so that there are few of them, and those that
/// the others wait for at the end are small, whoever began late or was held up.
struct GuidedPieces {
    /// How many pieces there are.
    let count: Int
    /// How many of them are a part of what is left; those behind them are of one size.
    private let shrinking: Int
    /// What is left behind a piece of what was left before it.
    private let ratio: Double

    /// - Parameters:
    ///   - threads: at least 1.
    ///   - most: there are no more pieces; at least 1. Those that shrink are larger than the whole over this.
    init(threads: Int, most: Int) {
        precondition(threads > 0 && most > 0, "no thread, or no piece")
        let least = max(1 / Double(most), 1 / (KernelCosts.lastPieces * Double(threads)))
        let part = 1 / (KernelCosts.pieceShare * Double(threads))
        ratio = 1 - part
        // Pieces shrink while they are larger than the least.
        var (left, shrinking) = (1.0, 0)
        while left * part > least {
            left *= ratio
            shrinking += 1
        }
        self.shrinking = shrinking
        // At least half of the least piece is left.
        count = shrinking + Int((left / least).rounded())
    }

    /// Where a piece begins and ends, of 0 to 1; the next one begins where it ends.
    subscript(index: Int) -> Range<Double> { start(index)..<start(index + 1) }

    private func start(_ index: Int) -> Double {
        guard index < count else { return 1 }
        guard index > shrinking else { return 1 - pow(ratio, Double(index)) }
        let left = pow(ratio, Double(shrinking))
        return 1 - left + left * Double(index - shrinking) / Double(count - shrinking)
    }
}
