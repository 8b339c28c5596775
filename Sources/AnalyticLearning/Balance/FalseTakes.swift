internal import Glibc

/// How many of the other classes' rows a class of few rows may take: the share that a user sets, fading as the class grows.
struct FalseTakes {
    /// Rows after which a class needs a second opinion 1/e as much.
    private static let fade = 15.0
    /// The most that all poor classes together may take, in shares of one.
    private static let most = 3.0
    /// Below this a class is not poor.
    private static let least = 2e-4
    /// While a class has fewer rows, the cosines count.
    private static let cosineRows = 5 * fade
    /// The weight of the cosines in a class without rows, in standard deviations of the margin.
    private static let cosineWeight = 4.0

    /// The share of each class: nearly nothing unless it is poor.
    let budgets: [Double]
    /// The poor classes.
    let poor: [Int]
    /// Whether rows are also compared with the class means, and rows are drawn to find out how far to raise the poor classes.
    let isNeeded: Bool

    /// - Parameters:
    ///   - counts: n_c > 0.
    ///   - share: `Imbalance.discriminant`'s.
    init(counts: [Double], share: Double) {
        let typical = Self.median(counts)
        var budgets = counts.map { share * Self.fading($0) * max(0, 1 - $0 / typical) }
        let factor = min(1, Self.most * share / max(budgets.reduce(0, +), 1e-9))
        for column in budgets.indices { budgets[column] *= factor }
        self.budgets = budgets
        poor = budgets.indices.filter { budgets[$0] > Self.least }
        isNeeded = !poor.isEmpty || counts.contains { $0 < Self.cosineRows }
    }

    /// exp(−n/15).
    private static func fading(_ count: Double) -> Double { exp(-count / fade) }

    /// What the margin of each class is multiplied by, given the standard deviation of its margin over the stream's rows.
    static func marginWeights(counts: [Double], deviations: [Double]) -> [Double] {
        zip(counts, deviations).map { $1 > 0 ? cosineWeight * fading($0) / $1 : 0 }
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
