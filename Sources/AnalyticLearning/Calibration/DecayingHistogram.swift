/// Quantiles of a stream of numbers with forgetting, without storing any: a histogram with bins of equal width whose rows weigh less
/// with every later one.
///
/// Instead of making all bins lighter for each row, each row is heavier than the one before; all are scaled down together before the
/// weights grow too large.
struct DecayingHistogram: Sendable, Equatable {
    /// The width of a bin.
    private let width: Double
    /// Values beyond ±limit count as ±limit.
    private let limit: Double
    private var bins: [Double]
    /// No bin above this one has rows.
    private var highest = 0
    /// The weight of the next row.
    private var unit = 1.0
    /// The sum of all bins.
    private var total = 0.0

    /// - Parameters:
    ///   - limit: the largest magnitude, a multiple of `width`.
    ///   - width: the width of a bin.
    init(limit: Double, width: Double) {
        (self.limit, self.width) = (limit, width)
        bins = [Double](repeating: 0, count: Self.count(limit: limit, width: width))
    }

    static func count(limit: Double, width: Double) -> Int { Int(2 * limit / width) }

    /// The weight of all rows, in rows of the newest.
    var weight: Double { total / unit }

    /// Adds a row.
    ///
    /// - Parameter memory: later rows let it weigh less as exp(−rows/memory).
    mutating func add(_ value: Double, memory: Double) {
        unit /= 1 - 1 / memory
        if unit > Self.largestUnit {
            for bin in bins.indices { bins[bin] /= unit }
            total /= unit
            unit = 1
        }
        let place = (max(-limit, min(value, limit)) + limit) / width
        let bin = min(Int(place), bins.count - 1)
        bins[bin] += unit
        total += unit
        highest = max(highest, bin)
    }

    private static let largestUnit = 0x1p64

    /// The value that this share of the weight lies above, linear within a bin.
    ///
    /// - Complexity: O(bins).
    func value(above share: Double) -> Double {
        var left = share * total
        for bin in stride(from: highest, through: 0, by: -1) {
            if bins[bin] > 0, bins[bin] >= left { return Double(bin + 1) * width - limit - left / bins[bin] * width }
            left -= bins[bin]
        }
        return -limit
    }

    /// The share of the weight that lies above a value, linear within a bin; 0 without rows.
    ///
    /// - Complexity: O(bins).
    func share(above value: Double) -> Double {
        guard total > 0 else { return 0 }
        let place = (max(-limit, min(value, limit)) + limit) / width
        let bin = min(Int(place), bins.count - 1)
        var above = bins[bin] * (Double(bin + 1) - place)
        for higher in (bin + 1)..<max(bin + 1, highest + 1) { above += bins[higher] }
        return above / total
    }

    /// Reduces the weight of the rows so far.
    mutating func fade(to share: Double) {
        for bin in bins.indices { bins[bin] *= share }
        total *= share
    }

    // MARK: Saving

    /// The number of saved values.
    static func savedCount(limit: Double, width: Double) -> Int { 2 + count(limit: limit, width: width) }

    /// The weight of the next row, that of all, and the bins.
    var saved: [Double] { [unit, total] + bins }

    /// Whether a histogram can have been saved so.
    static func isPossible(_ saved: ArraySlice<Double>) -> Bool {
        guard let unit = saved.first, unit >= 1, unit <= largestUnit, saved.allSatisfy({ $0 >= 0 && $0 <= 0x1p100 }) else { return false }
        let (total, sum) = (saved[saved.startIndex + 1], saved.dropFirst(2).reduce(0, +))
        return abs(total - sum) <= 1e-6 * total
    }

    /// Continues from possible values.
    mutating func restore(_ saved: ArraySlice<Double>) {
        precondition(saved.count == bins.count + 2, "a histogram of another shape")
        unit = saved[saved.startIndex]
        total = saved[saved.startIndex + 1]
        bins = Array(saved.dropFirst(2))
        highest = bins.lastIndex { $0 > 0 } ?? 0
    }
}
