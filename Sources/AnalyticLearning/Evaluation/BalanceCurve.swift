/// What the scores of one set of weights got right at five balances, before the rows were learned: test-then-train figures side by side,
/// of the same rows.
///
/// Rows count from the first temperature on, until the scores change for another reason than learning. With more than
/// `Calibrator.classesPerRow` classes, one row in ⌈C/128⌉ counts.
public struct BalanceCurve: Sendable, Equatable {
    /// τ at each point.
    public static let balances = [0, 0.25, 0.5, 0.75, 1]
    static let count = 5

    /// The figures at one balance; nil if no row was counted.
    public struct Point: Sendable, Equatable {
        /// τ.
        public var balance: Double
        /// The share of rows predicted correctly.
        public var accuracy: Double?
        /// The mean of the classes' shares.
        public var balancedAccuracy: Double?
        /// The mean of −log p of the true class, over rows of classes that the weights knew.
        public var logLoss: Double?
        /// The mean gap between the probability of the predicted label and the share of correct predictions.
        public var expectedCalibrationError: Double?
    }

    /// One number per balance, in the first lanes.
    typealias Lanes = SIMD8<Double>
    typealias Counts = SIMD8<Int64>
    /// No loss is larger: scores are at most `LikelihoodGrid.largestDistance` apart, and no temperature is below 2⁻²⁰.
    static let largestLoss = 1e8
    /// The lane of `classes` with the rows counted.
    static let evaluatedLane = 5

    /// The rows counted.
    public internal(set) var samples = 0
    /// Those of classes that the weights knew.
    var known = 0
    /// Rows predicted correctly, at each balance.
    var correct = Counts.zero
    /// Σ −log p of the true class, at each balance.
    var loss = Lanes.zero
    /// By column: rows predicted correctly at each balance, and rows counted.
    var classes: [Counts] = []
    /// Bins of the probability of the predicted label, at one balance after another: rows, Σ probability, rows predicted correctly.
    var bins = [Double](repeating: 0, count: count * ReliabilityBins.count * 3)
    /// The figures over the stream.
    public internal(set) var history = BalanceHistory()

    /// Counts a row.
    ///
    /// - Parameter label: its class's column.
    /// - Complexity: O(1), plus O(C) if the value was copied since.
    mutating func add(_ row: BalanceRow, label: Int, isKnown: Bool) {
        if label >= classes.count { classes.append(contentsOf: repeatElement(.zero, count: label + 1 - classes.count)) }
        samples += 1
        classes[label][Self.evaluatedLane] += 1
        if isKnown {
            known += 1
            loss += row.loss
        }
        for place in 0..<Self.count {
            let confidence = row.highest[place] / row.sum[place]
            let bin = min(Int(confidence * Double(ReliabilityBins.count)), ReliabilityBins.count - 1)
            let start = 3 * (place * ReliabilityBins.count + bin)
            bins[start] += 1
            bins[start + 1] += confidence
            guard row.best[place] == Int64(label) else { continue }
            correct[place] += 1
            classes[label][place] += 1
            bins[start + 2] += 1
        }
    }

    /// Adds a point to the history if one is due.
    mutating func noteHistory() {
        if history.isDue(after: samples) { history.append(samples: samples, points) }
    }

    /// The same figures for a model in which each class has another column.
    ///
    /// - Parameter columns: by column so far.
    func moved(to columns: [Int]) -> BalanceCurve {
        var result = self
        result.classes = [Counts](repeating: .zero, count: (columns.prefix(classes.count).max() ?? -1) + 1)
        for (counts, column) in zip(classes, columns) { result.classes[column] = counts }
        return result
    }

    /// Counts a class's rows as another's. Rows that were taken for the other one stay wrong: only their number is known.
    mutating func joinClass(_ joined: Int, into target: Int) {
        if target < joined, joined < classes.count { classes[target] &+= classes[joined] }
        if joined < target, joined < classes.count {
            if target >= classes.count { classes.append(contentsOf: repeatElement(.zero, count: target + 1 - classes.count)) }
            classes[target] &+= classes[joined]
        }
        removeClass(joined)
    }

    /// Forgets a class; the sums keep its rows.
    mutating func removeClass(_ column: Int) {
        if column < classes.count { classes.remove(at: column) }
    }

    /// The figures at each balance.
    ///
    /// - Complexity: O(C).
    public var points: [Point] {
        var (shares, evaluated) = (Lanes.zero, 0)
        for counts in classes where counts[Self.evaluatedLane] > 0 {
            shares += Lanes(counts) / Double(counts[Self.evaluatedLane])
            evaluated += 1
        }
        return (0..<Self.count).map { place in
            var gap = 0.0
            for bin in 0..<ReliabilityBins.count {
                let start = 3 * (place * ReliabilityBins.count + bin)
                gap += abs(bins[start + 1] - bins[start + 2])
            }
            let rows = Double(samples)
            return Point(
                balance: Self.balances[place], accuracy: samples > 0 ? Double(correct[place]) / rows : nil,
                balancedAccuracy: evaluated > 0 ? shares[place] / Double(evaluated) : nil,
                logLoss: known > 0 ? loss[place] / Double(known) : nil, expectedCalibrationError: samples > 0 ? gap / rows : nil)
        }
    }
}
