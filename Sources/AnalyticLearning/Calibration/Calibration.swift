/// How scores become probabilities, and how reliable these are: softmax(score / temperature), with one temperature fitted to
/// test-then-train scores (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2).
///
/// The probabilities assume that the row belongs to one of the known classes; `leverage` shows when it may not.
public struct Calibration: Sendable, Equatable {
    /// Scored rows needed before there are probabilities.
    public static let minimumSamples = 200

    /// T > 0: probabilities are softmax(score / T).
    public let temperature: Double
    /// Scored rows that the temperature was fitted to; effectively the last thousand.
    public let samples: Int
    /// The mean gap between the probability of the predicted label and the share of correct predictions, over about the last
    /// thousand rows; each row is judged by the temperature before it. Nil before the first row after `minimumSamples`.
    public let expectedCalibrationError: Double?
    /// The same for softmax(score), over the same rows.
    public let expectedCalibrationErrorOfRawScores: Double?
    /// The thresholds of sets in the order of the levels; nil for a level before there are enough rows.
    let coverage: [CoverageThreshold?]

    /// The threshold of sets with a promise; nil before there are enough rows.
    public func coverage(_ level: CoverageLevel) -> CoverageThreshold? { coverage[level.index] }

    /// softmax(score / T) over one row of scores.
    ///
    /// - Complexity: O(classes).
    public func softmax(_ scores: [Float], row range: Range<Int>) -> Softmax {
        scores.withUnsafeBufferPointer { Softmax(UnsafeBufferPointer(rebasing: $0[range]), temperature: temperature) }
    }

    /// softmax(score / T) over one row of scores.
    public func softmax(_ scores: UnsafeBufferPointer<Float>) -> Softmax { Softmax(scores, temperature: temperature) }

    /// softmax(score / T) over one row of scores in Float64.
    public func softmax(_ scores: UnsafeBufferPointer<Double>) -> Softmax { Softmax(scores, temperature: temperature) }

    /// softmax(score / T) over one row of scores in Float64.
    public func softmax(_ scores: [Double]) -> Softmax {
        scores.withUnsafeBufferPointer { Softmax($0, temperature: temperature) }
    }
}
