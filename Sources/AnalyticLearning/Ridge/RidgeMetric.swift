/// What a ridge that chooses itself is chosen by.
public enum RidgeMetric: String, Sendable, Equatable, CaseIterable {
    /// The share of rows predicted correctly.
    case accuracy
    /// The mean of the classes' shares.
    case balancedAccuracy = "balanced_accuracy"

    /// How much a row of a class counts.
    ///
    /// - Parameter counts: n_c.
    func weight(of column: Int, counts: [Int]) -> Double {
        switch self {
        case .accuracy: 1
        case .balancedAccuracy: 1 / Double(max(1, counts[column]))
        }
    }
}
