extension BalanceCurve {
    /// The state of a curve, as saved in a snapshot.
    public struct Saved: Sendable, Equatable {
        /// Rows counted, those of known classes; then for each balance the rows predicted correctly, and Σ loss.
        public var summary: [Double]
        /// For each class the rows predicted correctly at each balance, and the rows counted.
        public var classes: [Double]
        /// For each balance fifteen bins: rows, Σ probability, rows predicted correctly.
        public var reliability: [Double]
        /// The history's points: rows counted, and for each balance accuracy, balanced accuracy, loss and calibration error; −1 for none.
        public var history: [Double]

        /// The number of values in each part, or in each row of it.
        public static let counts = (
            summary: 2 + 2 * count, classes: 1 + count, reliability: count * ReliabilityBins.count * 3, history: BalanceHistory.columns
        )

        /// A state from its parts.
        public init(summary: [Double], classes: [Double], reliability: [Double], history: [Double]) {
            self.summary = summary
            self.classes = classes
            self.reliability = reliability
            self.history = history
        }
    }

    /// The current state; nil if no row was counted.
    public var saved: Saved? {
        guard samples > 0 else { return nil }
        let places = 0..<Self.count
        return Saved(
            summary: [Double(samples), Double(known)] + places.map { Double(correct[$0]) } + places.map { loss[$0] },
            classes: classes.flatMap { counts in (0...Self.evaluatedLane).map { Double(counts[$0]) } }, reliability: bins,
            history: history.saved)
    }

    /// Continues from a saved state.
    ///
    /// - Parameters:
    ///   - saved: nil starts again.
    ///   - part: the name of the curve in errors.
    ///   - limit: the number of classes.
    /// - Throws: `RestoreError` if it contradicts itself.
    init(_ saved: Saved?, part: String, classes limit: Int) throws(RestoreError) {
        self.init()
        guard let saved else { return }
        func check(_ condition: Bool, _ name: String, _ index: Int) throws(RestoreError) {
            if !condition { throw .value(part: part + "." + name, index: index) }
        }
        func count(_ values: [Double], _ index: Int, _ name: String, atMost limit: Int) throws(RestoreError) -> Int {
            // NaN is none of these.
            let value = values[index]
            try check(value >= 0 && value <= Double(limit) && value == value.rounded(), name, index)
            return Int(value)
        }
        let sizes = Saved.counts
        guard saved.summary.count == sizes.summary else {
            throw .size(part: part + ".summary", count: saved.summary.count, expected: sizes.summary)
        }
        guard saved.classes.count % sizes.classes == 0, saved.classes.count / sizes.classes <= limit else {
            throw .size(part: part + ".class", count: saved.classes.count, expected: limit * sizes.classes)
        }
        guard saved.reliability.count == sizes.reliability else {
            throw .size(part: part + ".reliability", count: saved.reliability.count, expected: sizes.reliability)
        }
        samples = try count(saved.summary, 0, "summary", atMost: CountLimits.largest)
        known = try count(saved.summary, 1, "summary", atMost: samples)
        for place in 0..<Self.count {
            correct[place] = Int64(try count(saved.summary, 2 + place, "summary", atMost: samples))
            let index = 2 + Self.count + place
            try check(saved.summary[index] >= 0 && saved.summary[index] <= Self.largestLoss * Double(known), "summary", index)
            loss[place] = saved.summary[index]
        }
        var left = samples
        for start in stride(from: 0, to: saved.classes.count, by: sizes.classes) {
            var counts = Counts.zero
            let evaluated = try count(saved.classes, start + Self.evaluatedLane, "class", atMost: left)
            counts[Self.evaluatedLane] = Int64(evaluated)
            for place in 0..<Self.count { counts[place] = Int64(try count(saved.classes, start + place, "class", atMost: evaluated)) }
            left -= evaluated
            classes.append(counts)
        }
        for (index, value) in saved.reliability.enumerated() {
            let rows = saved.reliability[index - index % 3]
            try check(value >= 0 && value <= (index % 3 == 0 ? Double(samples) : rows * 1.001), "reliability", index)
            bins[index] = value
        }
        history = try BalanceHistory(saved: saved.history, samples: samples, part: part + ".history")
    }
}
