internal import Glibc

/// A set of labels is promised to contain the right one for this share of rows.
public enum CoverageLevel: Double, Sendable, CaseIterable {
    case four5ths = 0.8
    case nine10ths = 0.9
    case nineteen20ths = 0.95
    case ninetyNine100ths = 0.99

    /// All levels; `allCases` makes an array each time.
    static let all = allCases

    /// The position among all.
    var index: Int {
        switch self {
        case .four5ths: 0
        case .nine10ths: 1
        case .nineteen20ths: 2
        case .ninetyNine100ths: 3
        }
    }

    /// The rows that must have been seen: as many as the level needs for one to lie outside.
    public var minimumRows: Int { Int((1 / (1 - rawValue)).rounded()) }
}

/// The threshold of one level's sets, and how its promise was kept.
public struct CoverageThreshold: Sendable, Equatable {
    /// A label is in the set if its probability is at least this: 0 lets all in, 2 none.
    public let leastProbability: Double
    /// Rows that the threshold follows from.
    public let rows: Int
    /// The share of rows whose sets contained their label, over about the last five thousand; nil before the first.
    public let covered: Double?
    /// The mean number of labels in a set, over the same rows.
    public let meanSize: Double?
}

/// Sets of labels with a promise: adaptive conformal inference (Gibbs and Candès, "Adaptive Conformal Inference Under Distribution
/// Shift", NeurIPS 2021, equation 2), for several levels at once.
///
/// A label is in a row's set if 1 − p, its nonconformity, is at most a threshold: the quantile at 1 − α of that of recent rows'
/// labels. After each row α ← α + γ(α* − err), with err = 1 if the set lacked the row's label. Below 0 a set has all labels,
/// above 1 none, so α stays between −γ and 1 + γ. Over n rows the share of errors differs from α* by the change of α over γn,
/// whatever the stream does; usually α hardly moves and the quantile follows the stream.
///
/// A threshold alone, moved by a fixed step, would need a step that fits the probabilities, which differ by orders of magnitude between
/// models; the quantile does not.
struct PredictionSets: Sendable, Equatable {
    /// Rows of which the quantile is taken.
    static let memory = 1000.0
    /// Rows over which the promise is measured.
    static let measured = 5000.0
    /// γ as a share of α*: rare errors move α less, so that it stays near α*.
    private static let step = 0.02

    /// The state of a level.
    private struct Level: Sendable, Equatable {
        var error: Double
        var covered = 0.0
        var size = 0.0
        var weight = 0.0
    }

    /// Of ln((1 − p)/p) for the labels of recent rows: a scale as fine for probabilities near 1 as near 0.
    private var odds = DecayingHistogram(limit: limit, width: width)
    private var levels = CoverageLevel.all.map { Level(error: 1 - $0.rawValue) }
    private(set) var rows = 0

    private static let limit = 32.0
    private static let width = 0.125

    /// Uses a row: checks the sets by the current thresholds against its label, then moves these.
    ///
    /// - Parameters:
    ///   - likelihoods: proportional to the probabilities of the classes, the largest 1.
    ///   - sum: their sum.
    ///   - label: the true column.
    /// - Complexity: O(C + bins).
    mutating func record(_ likelihoods: UnsafeBufferPointer<Double>, sum: Double, label: Int) {
        let own = likelihoods[label]
        // NaN does not occur: one of both is at least half.
        let odds = log(max(sum - own, 0) / own)
        for index in levels.indices {
            let level = CoverageLevel.all[index]
            if rows >= level.minimumRows {
                let least = leastProbability(index) * sum
                let isCovered = own >= least
                var size = 0
                for likelihood in likelihoods where likelihood >= least { size += 1 }
                measure(&levels[index], isCovered: isCovered, size: size)
                let target = 1 - level.rawValue
                levels[index].error += Self.step * target * (target - (isCovered ? 0 : 1))
            }
        }
        self.odds.add(odds, memory: Self.memory)
        rows += 1
    }

    private func measure(_ level: inout Level, isCovered: Bool, size: Int) {
        let keep = 1 - 1 / Self.measured
        level.covered = level.covered * keep + (isCovered ? 1 : 0)
        level.size = level.size * keep + Double(size)
        level.weight = level.weight * keep + 1
    }

    private func leastProbability(_ index: Int) -> Double {
        let error = levels[index].error
        guard error > 0 else { return 0 }
        guard error < 1 else { return 2 }
        return 1 / (1 + exp(odds.value(above: error)))
    }

    /// The thresholds in the order of the levels; nil before there are enough rows.
    var thresholds: [CoverageThreshold?] {
        CoverageLevel.all.map { level in
            guard rows >= level.minimumRows else { return nil }
            let state = levels[level.index]
            let covered = state.weight > 0 ? min(state.covered / state.weight, 1) : nil
            let size = state.weight > 0 ? state.size / state.weight : nil
            return CoverageThreshold(leastProbability: leastProbability(level.index), rows: rows, covered: covered, meanSize: size)
        }
    }

    /// Reduces the weight of the rows so far.
    mutating func fade(to share: Double) {
        rows = Int(Double(rows) * share)
        guard rows > 0 else { return self = PredictionSets() }
        odds.fade(to: share)
        for index in levels.indices {
            levels[index].covered *= share
            levels[index].size *= share
            levels[index].weight *= share
        }
    }

    // MARK: Saving

    /// The number of saved values.
    static let savedCount = 1 + 4 * CoverageLevel.all.count + DecayingHistogram.savedCount(limit: limit, width: width)

    /// The rows; each level's α, covered rows, labels in sets and rows; and the histogram.
    var saved: [Double] {
        [Double(rows)] + levels.flatMap { [$0.error, $0.covered, $0.size, $0.weight] } + odds.saved
    }

    /// Checks that a state can be reached; `part` names it in errors.
    static func check(_ saved: [Double], _ part: String) throws(RestoreError) {
        guard saved.count == savedCount else { throw .size(part: part, count: saved.count, expected: savedCount) }
        guard (0...Double(Calibrator.maximumOffered)).contains(saved[0]), saved[0] == saved[0].rounded() else {
            throw .value(part: part, index: 0)
        }
        let bins = 1 + 4 * CoverageLevel.all.count
        for index in 1..<bins {
            let range = (index - 1) % 4 == 0 ? -1...2 : 0...0x1p60
            guard range.contains(saved[index]) else { throw .value(part: part, index: index) }
            // Covered rows are counted rows; both decay alike.
            if (index - 1) % 4 == 1, saved[index] > saved[index + 2] * 1.001 { throw .value(part: part, index: index) }
        }
        guard DecayingHistogram.isPossible(saved[bins...]) else { throw .value(part: part, index: bins) }
    }

    /// A new state, or one that has been checked.
    init(_ saved: [Double]? = nil) {
        guard let saved else { return }
        rows = Int(saved[0])
        for index in levels.indices {
            let first = 1 + 4 * index
            levels[index] = Level(error: saved[first], covered: saved[first + 1], size: saved[first + 2], weight: saved[first + 3])
        }
        odds.restore(saved[(1 + 4 * levels.count)...])
    }
}
