/// Expected calibration error over the last rows, with forgetting: predictions fall into fifteen bins of equal width by the
/// probability of the predicted label; each bin compares the mean probability with the share of correct predictions (Guo et al.
/// 2017, section 2, equation 5).
struct ReliabilityBins: Sendable, Equatable {
    static let count = 15

    /// Per bin the rows, the sum of their probabilities, and the correct ones; all weighted.
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

    /// Sets nearly forgotten values to zero before they become denormal.
    private static func decay(_ value: inout Double) {
        value *= 1 - 1 / LikelihoodGrid.memory
        if value < 1e-30 { value = 0 }
    }

    /// Σ |confidence − correct| over the bins, per row; nil without rows.
    var expectedCalibrationError: Double? {
        var (sum, total) = (0.0, 0.0)
        for bin in 0..<Self.count {
            sum += abs(confidence[bin] - correct[bin])
            total += rows[bin]
        }
        return total > 0 ? sum / total : nil
    }

    /// Reduces the weight of the rows so far.
    mutating func fade(to share: Double) {
        for bin in 0..<Self.count {
            rows[bin] *= share
            confidence[bin] *= share
            correct[bin] *= share
        }
    }
}
