internal import Glibc

/// The probabilities of one row's classes, exp(s_c/T) / Σ exp(s/T), computed one at a time from two numbers, without an array.
public struct Softmax: Sendable, Equatable {
    private let highest: Double
    private let inverseTemperature: Double
    private let sum: Double

    init<Score: BinaryFloatingPoint>(_ scores: UnsafeBufferPointer<Score>, temperature: Double) {
        var highest = -Double.infinity
        for score in scores { highest = max(highest, Double(score)) }
        let inverse = 1 / temperature
        var sum = 0.0
        for score in scores { sum += exp((Double(score) - highest) * inverse) }
        self.highest = highest
        self.sum = sum
        inverseTemperature = inverse
    }

    /// The score from which on classes have at least this probability.
    ///
    /// - Parameter probability: as of `CoverageThreshold.leastProbability`.
    public func score(probability: Double) -> Double {
        guard probability > 0 else { return -.infinity }
        return probability > 1 ? .infinity : highest + log(probability * sum) / inverseTemperature
    }

    /// The probability of a class with this score, from 0 to 1.
    public func probability(score: Double) -> Double { exp((score - highest) * inverseTemperature) / sum }
}
