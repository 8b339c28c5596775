/// How scores become probabilities, and how far those can be trusted: softmax(score / temperature), with the one temperature that test-then-train
/// scores have shown to be right (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2).
///
/// The probabilities are those of the known classes, given that the row is of one of them; `leverage` says when that may not be so.
public struct Calibration: Sendable, Equatable {
    /// Scored rows that must have been seen before there are probabilities.
    public static let minimumSamples = 200

    /// T > 0: probabilities are softmax(score / T).
    public let temperature: Double
    /// The scored rows that the temperature was fitted to; the last thousand or so count.
    public let samples: Int
    /// How far the stated probability of the predicted label was from the share of right predictions, on average over the last thousand rows or
    /// so: each row's by the temperature before it. Nil before the first row after `minimumSamples`.
    public let expectedCalibrationError: Double?
    /// The same for softmax(score), over the same rows.
    public let expectedCalibrationErrorOfRawScores: Double?

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
