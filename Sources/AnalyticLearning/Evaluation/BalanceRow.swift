internal import Glibc

/// One row's choices and probabilities at five balances, from one exponential per class: p ∝ e_c·r_c^k with r_c = π_c^(−1/4) for
/// balance k/4.
struct BalanceRow {
    /// The chosen column.
    private(set) var best: BalanceCurve.Counts
    /// Its e·r^k.
    private(set) var highest = BalanceCurve.Lanes.zero
    /// Σ e·r^k.
    private(set) var sum = BalanceCurve.Lanes.zero
    /// −log p of the true class; 0 if the weights do not know it.
    private(set) var loss = BalanceCurve.Lanes.zero

    /// - Parameters:
    ///   - scores: of the classes that the weights know.
    ///   - best: the first column with the highest score.
    ///   - label: the true column.
    ///   - prior: has been settled for these classes.
    /// - Returns: nil if a score is not finite.
    /// - Complexity: O(C), with one exponential per class.
    init?(_ scores: UnsafeBufferPointer<Double>, best column: Int, label: Int, inverseTemperature: Double, _ prior: RunningPrior) {
        best = BalanceCurve.Counts(repeating: Int64(column))
        let top = scores[column]
        // As far as the temperature's fit looks.
        func logit(_ column: Int) -> Double { max(scores[column] - top, -LikelihoodGrid.largestDistance) * inverseTemperature }
        prior.withRoots { roots in
            for column in scores.indices {
                let (one, root) = (scores[column].isFinite ? exp(logit(column)) : .nan, roots[column])
                let square = root * root
                let value = one * BalanceCurve.Lanes(1, root, square, square * root, square * square, 0, 0, 0)
                sum += value
                let isBetter = value .> highest
                highest.replace(with: value, where: isBetter)
                best.replace(with: Int64(column), where: isBetter)
            }
        }
        guard sum.sum().isFinite else { return nil }
        // Equal exponentials may come from different scores.
        best[0] = Int64(column)
        guard label < scores.count else { return }
        let slope = prior.logarithm(of: label) / 4
        // A certain row's rounding may fall below 0.
        for place in 0..<BalanceCurve.count { loss[place] = max(0, log(sum[place]) - logit(label) + Double(place) * slope) }
    }
}
