internal import Glibc

/// How novel rows of known classes are: the quantiles of their novelty times the number of labelled rows, over about the last
/// `memory` of them, each from before it was learned.
///
/// Such a product may be negative and spans orders of magnitude, so its inverse hyperbolic sine is counted.
///
/// A stream that drifts, or a young model, whose rows soon become less novel, makes the quantiles lag behind. So a second histogram
/// counts what share of the rows before it each row was more novel than: without a lag these shares are uniform, and otherwise they say
/// which quantile holds a share today.
public struct NoveltyQuantiles: Sendable, Equatable {
    /// The shares of known rows that may be rejected. A smaller one would rest on fewer than ten rows.
    public static let shares = 0.002...0.5
    /// Rows that are effectively remembered.
    static let memory = 5000.0
    /// Rows of which the lag is known.
    private static let lagMemory = 2000.0
    /// Rows before the first of them.
    private static let leastRows = 20
    /// No row is more novel than a smaller share of others.
    private static let leastShare = 1e-6
    /// Known rows that must be expected beyond a threshold.
    private static let rowsBeyond = 10.0

    private static let limit = 32.0
    private static let width = 1.0 / 16
    private static let lagLimit = 14.0

    private var histogram = DecayingHistogram(limit: limit, width: width)
    /// Of −ln of the share of earlier rows that were more novel than a row.
    private var lag = DecayingHistogram(limit: lagLimit, width: width)
    /// Rows used.
    public private(set) var rows = 0

    /// Adds a row.
    mutating func add(_ scaled: Double) {
        let value = asinh(scaled)
        if rows >= Self.leastRows { lag.add(-log(max(histogram.share(above: value), Self.leastShare)), memory: Self.lagMemory) }
        histogram.add(value, memory: Self.memory)
        rows += 1
    }

    /// The rows needed before this share can be rejected.
    public static func rowsNeeded(share: Double) -> Int { Int((rowsBeyond / share).rounded(.up)) }

    /// The novelty that this share of known rows exceeds; nil before there are enough rows.
    ///
    /// - Parameters:
    ///   - share: in `shares`.
    ///   - measure: of the state for whose rows it is.
    /// - Complexity: O(bins).
    public func threshold(share: Double, _ measure: NoveltyMeasure) -> Double? {
        guard rows >= Self.rowsNeeded(share: share) else { return nil }
        return sinh(histogram.value(above: exp(-lag.value(above: share)))) / measure.rows
    }

    /// Reduces the weight of the rows so far.
    mutating func fade(to share: Double) {
        rows = Int(Double(rows) * share)
        guard rows > 0 else { return self = NoveltyQuantiles() }
        histogram.fade(to: share)
        lag.fade(to: share)
    }

    // MARK: Saving

    /// The number of saved values.
    public static let savedCount = firstOfLag + DecayingHistogram.savedCount(limit: lagLimit, width: width)
    fileprivate static let firstOfLag = 2 + DecayingHistogram.savedCount(limit: limit, width: width)

    /// A new state, or that of a saved one that has been checked.
    init(_ state: NoveltyState? = nil) {
        guard let state else { return }
        rows = Int(state.values[1])
        histogram.restore(state.values[2..<Self.firstOfLag])
        lag.restore(state.values[Self.firstOfLag...])
    }

    fileprivate var saved: [Double] { [Double(rows)] + histogram.saved + lag.saved }
}

/// The state of the rows of known classes behind `NoveltyQuantiles`, as saved in a snapshot: nothing about single rows.
public struct NoveltyState: Sendable, Equatable {
    /// Rows offered, rows used, and both histograms.
    public var values: [Double]

    /// A state from its values.
    public init(values: [Double]) { self.values = values }

    init(offered: Int, _ quantiles: NoveltyQuantiles) { values = [Double(offered)] + quantiles.saved }

    /// Checks that a recorder can reach this state; `part` names it in errors.
    func check(_ part: String) throws(RestoreError) {
        guard values.count == NoveltyQuantiles.savedCount else {
            throw .size(part: part, count: values.count, expected: NoveltyQuantiles.savedCount)
        }
        for index in 0..<2 {
            guard (0...Double(Calibrator.maximumOffered)).contains(values[index]), values[index] == values[index].rounded() else {
                throw .value(part: part, index: index)
            }
        }
        guard values[1] <= values[0] else { throw .value(part: part, index: 1) }
        let firstOfLag = NoveltyQuantiles.firstOfLag
        guard DecayingHistogram.isPossible(values[2..<firstOfLag]) else { throw .value(part: part, index: 2) }
        guard DecayingHistogram.isPossible(values[firstOfLag...]) else { throw .value(part: part, index: firstOfLag) }
    }
}
