/// The state of a calibration, as saved in a snapshot: means and sums, nothing about single rows.
public struct CalibrationState: Sendable, Equatable {
    /// Rows offered, rows used, their weight, mean of s_y − s*, mean of s − s*.
    public var summary: [Double]
    /// For each β = 2⁻⁶ … 2²⁰ the means of ln Z, of E[s − s*] and of Var[s].
    public var likelihood: [Double]
    /// Fifteen bins of calibrated probabilities, then fifteen of raw ones: rows, Σ probability, rows predicted correctly.
    public var reliability: [Double]
    /// The sets with a promise; nil in states saved by older programs, whose sets begin when restored.
    public var sets: [Double]?

    /// The number of values in each part.
    public static let counts = (
        summary: 5, likelihood: 3 * LikelihoodGrid.count, reliability: 6 * ReliabilityBins.count, sets: PredictionSets.savedCount
    )

    /// A state from its parts.
    public init(summary: [Double], likelihood: [Double], reliability: [Double], sets: [Double]? = nil) {
        self.summary = summary
        self.likelihood = likelihood
        self.reliability = reliability
        self.sets = sets
    }

    /// Checks that a calibrator can reach this state; `part` names it in errors.
    func check(_ part: String) throws(RestoreError) {
        func check(_ values: [Double], _ name: String, _ count: Int, _ range: (Int) -> ClosedRange<Double>) throws(RestoreError) {
            guard values.count == count else { throw .size(part: part + "." + name, count: values.count, expected: count) }
            // NaN is in no range.
            for (index, value) in values.enumerated() where !range(index).contains(value) {
                throw .value(part: part + "." + name, index: index)
            }
        }
        let (far, most) = (LikelihoodGrid.largestDistance, LikelihoodGrid.memory * 1.001)
        try check(summary, "summary", Self.counts.summary) {
            switch $0 {
            case 0, 1: 0...Double(Calibrator.maximumOffered)
            case 2: 0...most
            default: -far...0
            }
        }
        guard summary[1] <= summary[0], (summary[1] > 0) == (summary[2] > 0) else { throw .value(part: part + ".summary", index: 1) }
        for index in 0..<2 where summary[index] != summary[index].rounded() { throw .value(part: part + ".summary", index: index) }
        try check(likelihood, "likelihood", Self.counts.likelihood) { [0...32, -far...0, 0...(far * far)][$0 % 3] }
        try check(reliability, "reliability", Self.counts.reliability) { _ in 0...most }
        for index in stride(from: 0, to: reliability.count, by: 3) {
            for offset in 1...2 where reliability[index + offset] > reliability[index] * 1.001 {
                throw .value(part: part + ".reliability", index: index + offset)
            }
        }
        if let sets { try PredictionSets.check(sets, part + ".sets") }
    }
}

extension Calibrator {
    /// The calibration of a saved state.
    static func calibration(of state: CalibrationState?) -> Calibration? {
        let calibrator = Calibrator()
        calibrator.restore(state)
        return calibrator.calibration
    }

    /// The current state; nil if no row was offered.
    var state: CalibrationState? {
        guard offered > 0 else { return nil }
        return CalibrationState(
            summary: [Double(offered), Double(samples), grid.weight, grid.labelScore, grid.averageScore],
            likelihood: (0..<LikelihoodGrid.count).flatMap { [grid.partition[$0], grid.mean[$0], grid.variance[$0]] },
            reliability: [calibrated, raw].flatMap { bins in
                (0..<ReliabilityBins.count).flatMap { [bins.rows[$0], bins.confidence[$0], bins.correct[$0]] }
            }, sets: sets.saved)
    }

    /// Continues from a checked state.
    func restore(_ state: CalibrationState?) {
        reset()
        guard let state else { return }
        (offered, samples) = (Int(state.summary[0]), Int(state.summary[1]))
        grid.weight = state.summary[2]
        grid.labelScore = state.summary[3]
        grid.averageScore = state.summary[4]
        for place in 0..<LikelihoodGrid.count {
            grid.partition[place] = state.likelihood[3 * place]
            grid.mean[place] = state.likelihood[3 * place + 1]
            grid.variance[place] = state.likelihood[3 * place + 2]
        }
        func bins(_ first: Int) -> ReliabilityBins {
            var bins = ReliabilityBins()
            for bin in 0..<ReliabilityBins.count {
                let start = 3 * (first + bin)
                bins.rows[bin] = state.reliability[start]
                // Confidence never exceeds the rows: all three decay alike from here on.
                bins.confidence[bin] = min(state.reliability[start + 1], bins.rows[bin])
                bins.correct[bin] = min(state.reliability[start + 2], bins.rows[bin])
            }
            return bins
        }
        calibrated = bins(0)
        raw = bins(ReliabilityBins.count)
        sets = PredictionSets(state.sets)
        settle()
    }
}
