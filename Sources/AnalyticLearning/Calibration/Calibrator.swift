internal import Glibc
internal import LinearAlgebra

/// Fits the temperature of one set of weights from test-then-train scores, row by row.
///
/// The result depends on the rows and their order, and not on how they came together in requests or blocks. Nothing is kept but means and
/// sums. A reference, so that those who score rows share it; it belongs to the thread of its classifier.
final class Calibrator {
    /// The classes that a row may have at the price of a whole row: of models with more, one row in ⌈C/128⌉ is taken, so that calibration
    /// never costs more than a few microseconds a row.
    static let classesPerRow = 128

    /// The most rows that are counted as offered, so that what is saved can be restored; those after them change nothing any more.
    static let maximumOffered = 1 << 52

    /// The rows that could have been taken, whether they were or not.
    var offered = 0
    /// The rows taken.
    var samples = 0
    var grid = LikelihoodGrid()
    var calibrated = ReliabilityBins()
    var raw = ReliabilityBins()
    /// 1/T for the next row; nil before there are enough rows.
    private(set) var inverseTemperature: Double?

    private var distances: [Double] = []
    private var powers: [Double] = []
    private var rowScores: [Double] = []

    /// Takes a row: first its probability by the temperature before it is held against its label, then the temperature learns from it.
    ///
    /// Rows of labels that the weights do not know, of less than two classes, and with scores that are not finite are left out.
    ///
    /// - Parameters:
    ///   - scores: of the classes that were known, in column order.
    ///   - label: the true column.
    /// - Complexity: O(27·C), one exponential a class or two.
    func record(_ scores: UnsafeBufferPointer<Double>, label: Int) {
        let classes = scores.count
        guard classes >= 2, label >= 0, label < classes, offered < Self.maximumOffered else { return }
        offered += 1
        let every = (classes + Self.classesPerRow - 1) / Self.classesPerRow
        guard every == 1 || Self.hash(UInt64(offered)) % UInt64(every) == 0 else { return }
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
                    for column in 0..<classes { sum += exp(distances[column] * inverseTemperature) }
                    calibrated.add(confidence: 1 / sum, isCorrect: best == label)
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

    /// Takes some rows.
    ///
    /// - Parameters:
    ///   - scores: [n×C].
    ///   - columns: the true column of each row.
    func record(_ scores: borrowing Matrix, columns: ArraySlice<Int>) {
        for (row, label) in columns.enumerated() {
            rowScores.removeAll(keepingCapacity: true)
            for column in 0..<scores.columns { rowScores.append(scores[row, column]) }
            rowScores.withUnsafeBufferPointer { record($0, label: label) }
        }
    }

    /// Makes the temperature fit what is known.
    func settle() {
        inverseTemperature = samples >= Calibration.minimumSamples ? grid.inverseTemperature : nil
    }

    /// What is known, for those who predict; nil before there are enough rows.
    var calibration: Calibration? {
        guard let inverseTemperature else { return nil }
        return Calibration(
            temperature: 1 / inverseTemperature, samples: samples, expectedCalibrationError: calibrated.expectedCalibrationError,
            expectedCalibrationErrorOfRawScores: raw.expectedCalibrationError)
    }

    /// Forgets everything: the scores are no longer what they were.
    func reset() {
        (offered, samples) = (0, 0)
        grid = LikelihoodGrid()
        calibrated = ReliabilityBins()
        raw = ReliabilityBins()
        settle()
    }

    /// Trusts what is known less, where rows have come or gone that were not scored.
    ///
    /// - Parameter share: from 0 to 1; as of so many fewer rows.
    func fade(to share: Double) {
        guard share < 1 else { return }
        samples = Int(Double(samples) * share)
        guard samples > 0 else { return reset() }
        grid.fade(to: share)
        calibrated.fade(to: share)
        raw.fade(to: share)
        settle()
    }

    /// SplitMix64's finaliser: which rows are taken must not follow a period of the stream.
    private static func hash(_ value: UInt64) -> UInt64 {
        var z = value &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
