/// Expected calibration error over the last rows: the predictions in fifteen bins of equal width by the probability of the predicted label,
/// and of each bin how far the mean probability is from the share of right ones (Guo et al. 2017, section 2, equation 5), with forgetting.
struct ReliabilityBins: Sendable, Equatable {
    static let count = 15

    /// Of each bin the rows, the sum of their probabilities, and how many were right; all weighted.
    var rows = [Double](repeating: 0, count: count)
    var confidence = [Double](repeating: 0, count: count)
    var correct = [Double](repeating: 0, count: count)

    /// Adds a row.
    ///
    /// - Complexity: O(count).
    mutating func add(confidence value: Double, isCorrect: Bool) {
        for bin in 0..<Self.count {
            Self.decay(&rows[bin])
            Self.decay(&confidence[bin])
            Self.decay(&correct[bin])
        }
        let bin = min(Int(value * Double(Self.count)), Self.count - 1)
        rows[bin] += 1
        confidence[bin] += value
        correct[bin] += isCorrect ? 1 : 0
    }

    /// What is all but forgotten is forgotten, before it becomes denormal.
    private static func decay(_ value: inout Double) {
        value *= 1 - 1 / LikelihoodGrid.memory
        if value < 1e-30 { value = 0 }
    }

    /// Σ |confidence − correct| over the bins, a row; nil without rows.
    var expectedCalibrationError: Double? {
        var (sum, total) = (0.0, 0.0)
        for bin in 0..<Self.count {
            sum += abs(confidence[bin] - correct[bin])
            total += rows[bin]
        }
        return total > 0 ? sum / total : nil
    }

    /// Gives what is known the weight of fewer rows.
    mutating func fade(to share: Double) {
        for bin in 0..<Self.count {
            rows[bin] *= share
            confidence[bin] *= share
            correct[bin] *= share
        }
    }
}
