/// What an update of G costs, for those who decide what runs beside it.
public struct GramUpdateCost: Sendable {
    /// The threads that share it, at least 1.
    public let threads: Int
    /// Operations at the rate of a square product; those of a compensated update count twice.
    public let operations: Double
    /// Whether its sums keep what rounding takes from them.
    public let isCompensated: Bool
}
