internal import Glibc

/// Fits the temperature of one set of weights to test-then-train scores, row by row.
///
/// The result depends on the rows and their order, not on how requests or blocks group them. It stores only means and sums. It is a
/// reference because several scorers share it; it belongs to its classifier's thread.
final class Calibrator {
    /// The number of classes up to which every row is used. Above it one row in ⌈C/128⌉ is used, so calibration never costs
    /// more than a few microseconds per row.
    static let classesPerRow = 128

    /// The limit of `offered`, so that the saved state can be restored; later rows change nothing.
    static let maximumOffered = 1 << 52

    /// Rows that could have been used, whether or not they were.
    var offered = 0
    /// Rows used.
    var samples = 0
    var grid = LikelihoodGrid()
    var calibrated = ReliabilityBins()
    var raw = ReliabilityBins()
    var sets = PredictionSets()
    /// 1/T for the next row; nil until there are enough rows.
    private(set) var inverseTemperature: Double?

    private var distances: [Double] = []
    private var powers: [Double] = []

    /// Uses a row: checks the probability by the current temperature against the label, then fits the temperature to the row.
    ///
    /// Skips rows with labels unknown to the weights, with fewer than two classes, or with scores that are not finite.
    ///
    /// - Parameters:
    ///   - scores: scores of the known classes, in column order.
    ///   - label: the true column.
    /// - Complexity: O(27·C), about one exponential per one or two classes.
    func record(_ scores: UnsafeBufferPointer<Double>, label: Int) {
        let classes = scores.count
        guard classes >= 2, label >= 0, label < classes, offered < Self.maximumOffered else { return }
        offered += 1
        guard Self.isChosen(UInt64(offered), classes: classes) else { return }
        var best = 0
        for column in 0..<classes {
            guard scores[column].isFinite else { return }
            if scores[column] > scores[best] { best = column }
        }
        let padded = (classes + 7) / 8 * 8
        if distances.count < padded {
            distances = [Double](repeating: 0, count: padded)
            powers = distances
        }
        let unitPartition = distances.withUnsafeMutableBufferPointer { distances in
            powers.withUnsafeMutableBufferPointer { powers in
                let highest = scores[best]
                for column in 0..<classes { distances[column] = max(scores[column] - highest, -LikelihoodGrid.largestDistance) }
                if let inverseTemperature {
                    var sum = 0.0
                    for column in 0..<classes {
                        powers[column] = exp(distances[column] * inverseTemperature)
                        sum += powers[column]
                    }
                    calibrated.add(confidence: 1 / sum, isCorrect: best == label)
                    sets.record(UnsafeBufferPointer(rebasing: powers[..<classes]), sum: sum, label: label)
                }
                let first = exp2(Double(LikelihoodGrid.exponents.lowerBound))
                for column in 0..<classes { powers[column] = exp(distances[column] * first) }
                for column in classes..<padded { powers[column] = 0 }
                return grid.add(distances: distances.baseAddress!, powers: powers.baseAddress!, classes: classes, label: label)
            }
        }
        if inverseTemperature != nil { raw.add(confidence: 1 / unitPartition, isCorrect: best == label) }
        samples += 1
        settle()
    }

    /// Fits the temperature to the rows so far.
    func settle() {
        inverseTemperature = samples >= Calibration.minimumSamples ? grid.inverseTemperature : nil
    }

    /// The calibration for predictions; nil until there are enough rows.
    var calibration: Calibration? {
        guard let inverseTemperature else { return nil }
        return Calibration(
            temperature: 1 / inverseTemperature, samples: samples, expectedCalibrationError: calibrated.expectedCalibrationError,
            expectedCalibrationErrorOfRawScores: raw.expectedCalibrationError, coverage: sets.thresholds)
    }

    /// Forgets everything, because the scores have changed.
    func reset() {
        (offered, samples) = (0, 0)
        grid = LikelihoodGrid()
        calibrated = ReliabilityBins()
        raw = ReliabilityBins()
        sets = PredictionSets()
        settle()
    }

    /// Reduces the weight of the rows so far, after rows were added or removed without being scored.
    ///
    /// - Parameter share: from 0 to 1; the new weight as a share of the old.
    func fade(to share: Double) {
        guard share < 1 else { return }
        samples = Int(Double(samples) * share)
        guard samples > 0 else { return reset() }
        grid.fade(to: share)
        calibrated.fade(to: share)
        raw.fade(to: share)
        sets.fade(to: share)
        settle()
    }

    /// Whether a row is one of those used: all of them, or one in ⌈C/128⌉.
    static func isChosen(_ row: UInt64, classes: Int) -> Bool {
        let every = (classes + classesPerRow - 1) / classesPerRow
        return every <= 1 || hash(row) % UInt64(every) == 0
    }

    /// SplitMix64's finaliser: the choice of rows must not follow a period of the stream.
    static func hash(_ value: UInt64) -> UInt64 {
        var z = value &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
