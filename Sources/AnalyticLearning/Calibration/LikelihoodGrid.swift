internal import Glibc

/// The mean negative log-likelihood of softmax(β·score) as a function of β, with forgetting: enough of it to find its minimum at any time,
/// and no row's scores.
///
/// Of a row with scores s, whose best is s*, and label y the negative log-likelihood is ln Z(β) − β(s_y − s*), with Z(β) = Σ exp(β(s_c − s*)).
/// The second term is linear in β, and so its mean needs one number; of the first, which is convex, the means of the value and of the first
/// two derivatives are kept at β = 2⁻⁶ … 2²⁰. Between two such places it is the polynomial of fifth degree with those values, which
/// finds the minimum to three or four digits. As e^(2βs) = (e^(βs))², all places together take one exponential a class.
///
/// Scores more than 8 below the best count as 8 below it, so that one absurd row cannot outweigh the rest.
struct LikelihoodGrid: Sendable, Equatable {
    /// β = 2^exponent at each place.
    static let exponents = -6...20
    static let count = 27
    /// The number of the place β = 1.
    static let unit = 6
    /// What is cut off of a score's distance from the best.
    static let largestDistance = 8.0
    /// The rows after which a row weighs 1/e: that many are what the means speak of.
    static let memory = 1000.0

    /// Σ of the rows' weights, at most `memory`.
    var weight = 0.0
    /// Mean of s_y − s*.
    var labelScore = 0.0
    /// Mean over rows and classes of s_c − s*.
    var averageScore = 0.0
    /// At each place the mean of ln Z.
    var partition = [Double](repeating: 0, count: count)
    /// At each place the mean of E[s − s*] under the softmax: the derivative of ln Z.
    var mean = [Double](repeating: 0, count: count)
    /// At each place the mean of Var[s] under the softmax: its second derivative.
    var variance = [Double](repeating: 0, count: count)

    /// Adds a row.
    ///
    /// - Parameters:
    ///   - distances: s_c − s*, from −`largestDistance` to 0, padded with any values up to a multiple of 8.
    ///   - powers: e^(β·distance) at the first place, with zeros as padding; overwritten.
    ///   - classes: how many there are without the padding.
    ///   - label: the true column.
    /// - Returns: Z(1).
    /// - Complexity: O(count·classes).
    mutating func add(
        distances: UnsafePointer<Double>, powers: UnsafeMutablePointer<Double>, classes: Int, label: Int
    ) -> Double {
        weight = weight * (1 - 1 / Self.memory) + 1
        let step = 1 / weight
        labelScore += (distances[label] - labelScore) * step
        var sum = 0.0
        for column in 0..<classes { sum += distances[column] }
        averageScore += (sum / Double(classes) - averageScore) * step
        let padded = (classes + 7) / 8 * 8
        var unitPartition = 1.0
        // Once all but the best have vanished they stay so.
        var isSettled = false
        for place in 0..<Self.count {
            var (logarithm, first, second) = (0.0, 0.0, 0.0)
            if !isSettled {
                let (z, a, b) = place == 0 ? Self.moments(distances, powers, padded) : Self.squaredMoments(distances, powers, padded)
                if place == Self.unit { unitPartition = z }
                isSettled = z <= 1
                (logarithm, first) = (log(z), a / z)
                second = max(0, b / z - first * first)
            }
            partition[place] += (logarithm - partition[place]) * step
            mean[place] += (first - mean[place]) * step
            variance[place] += (second - variance[place]) * step
        }
        return unitPartition
    }

    private typealias Lanes = SIMD8<Double>

    /// Σe, Σes and Σes².
    private static func moments(
        _ distances: UnsafePointer<Double>, _ powers: UnsafeMutablePointer<Double>, _ count: Int
    ) -> (Double, Double, Double) {
        var (z, a, b) = (Lanes.zero, Lanes.zero, Lanes.zero)
        for index in stride(from: 0, to: count, by: 8) {
            let s = UnsafeRawPointer(distances + index).loadUnaligned(as: Lanes.self)
            let e = UnsafeRawPointer(powers + index).loadUnaligned(as: Lanes.self)
            let product = e * s
            z += e
            a += product
            b += product * s
        }
        return (z.sum(), a.sum(), b.sum())
    }

    /// The same after squaring every e.
    private static func squaredMoments(
        _ distances: UnsafePointer<Double>, _ powers: UnsafeMutablePointer<Double>, _ count: Int
    ) -> (Double, Double, Double) {
        var (z, a, b) = (Lanes.zero, Lanes.zero, Lanes.zero)
        for index in stride(from: 0, to: count, by: 8) {
            let s = UnsafeRawPointer(distances + index).loadUnaligned(as: Lanes.self)
            var e = UnsafeRawPointer(powers + index).loadUnaligned(as: Lanes.self)
            e *= e
            UnsafeMutableRawPointer(powers + index).storeBytes(of: e, as: Lanes.self)
            let product = e * s
            z += e
            a += product
            b += product * s
        }
        return (z.sum(), a.sum(), b.sum())
    }

    /// The β that minimises the mean negative log-likelihood, within the grid.
    ///
    /// Each label counts as the true one with 1 − ε and as any of the classes with ε, where ε = 1/(weight + 2), as Platt's targets
    /// (1999, section 2.2) do: rows that were all predicted right ask for large, but not for infinite β.
    ///
    /// - Complexity: O(count).
    var inverseTemperature: Double {
        let smoothing = 1 / (weight + 2)
        let target = labelScore + (averageScore - labelScore) * smoothing
        // The likelihood is concave: the derivative changes its sign once.
        guard let upper = mean.firstIndex(where: { $0 >= target }) else { return Self.beta(Self.count - 1) }
        guard upper > 0 else { return Self.beta(0) }
        let lower = upper - 1
        return Self.beta(lower) * exp2(Self.minimum(at(lower, target), at(upper, target)))
    }

    private static func beta(_ place: Int) -> Double { Double(sign: .plus, exponent: exponents.lowerBound + place, significand: 1) }

    /// Value and derivatives by log₂β.
    private func at(_ place: Int, _ target: Double) -> (value: Double, first: Double, second: Double) {
        let beta = Self.beta(place)
        let slope = beta * (mean[place] - target)
        let ln2 = 0.693_147_180_559_945_3
        return (partition[place] - beta * target, ln2 * slope, ln2 * ln2 * (slope + beta * beta * variance[place]))
    }

    /// Where the quintic that has the given values and derivatives at 0 and 1 is least; its derivative is negative at 0 and not at 1.
    private static func minimum(
        _ left: (value: Double, first: Double, second: Double), _ right: (value: Double, first: Double, second: Double)
    ) -> Double {
        let rise = right.value - left.value
        let c3 = 10 * rise - 6 * left.first - 4 * right.first - 1.5 * left.second + 0.5 * right.second
        let c4 = -15 * rise + 8 * left.first + 7 * right.first + 1.5 * left.second - right.second
        let c5 = 6 * rise - 3 * (left.first + right.first) - 0.5 * (left.second - right.second)
        var (low, high) = (0.0, 1.0)
        for _ in 0..<48 {
            let x = (low + high) / 2
            let slope = left.first + x * (left.second + x * (3 * c3 + x * (4 * c4 + x * 5 * c5)))
            if slope < 0 { low = x } else { high = x }
        }
        return (low + high) / 2
    }

    /// Gives what is known the weight of fewer rows; it keeps some, as long as there are rows.
    mutating func fade(to share: Double) { weight = max(weight * share, .leastNormalMagnitude) }
}
