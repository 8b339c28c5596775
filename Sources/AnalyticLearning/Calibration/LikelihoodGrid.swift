internal import Glibc

/// The mean negative log-likelihood of softmax(β·score) as a function of β, with forgetting: enough to find its minimum at any
/// time without storing any row's scores.
///
/// For a row with scores s, best score s* and label y the negative log-likelihood is ln Z(β) − β(s_y − s*), with
/// Z(β) = Σ exp(β(s_c − s*)). The second term is linear in β, so its mean needs one number. The first is convex; the means of its
/// value and its first two derivatives are kept at β = 2⁻⁶ … 2²⁰. Between two grid points a quintic with those values finds the
/// minimum to three or four digits. Because e^(2βs) = (e^(βs))², all grid points together need one exponential per class.
///
/// Scores more than 8 below the best count as 8 below it, so that one absurd row cannot outweigh the rest.
struct LikelihoodGrid: Sendable, Equatable {
    /// β = 2^exponent at each grid point.
    static let exponents = -6...20
    static let count = 27
    /// The index of β = 1.
    static let unit = 6
    /// The largest distance from the best score; larger ones are cut off.
    static let largestDistance = 8.0
    /// After this many rows a row's weight is 1/e: the means describe about this many.
    static let memory = 1000.0

    /// Σ of row weights, at most `memory`.
    var weight = 0.0
    /// Mean of s_y − s*.
    var labelScore = 0.0
    /// Mean over rows and classes of s_c − s*.
    var averageScore = 0.0
    /// The mean of ln Z at each grid point.
    var partition = [Double](repeating: 0, count: count)
    /// The mean of E[s − s*] under the softmax at each grid point: the derivative of ln Z.
    var mean = [Double](repeating: 0, count: count)
    /// The mean of Var[s] under the softmax at each grid point: its second derivative.
    var variance = [Double](repeating: 0, count: count)

    /// Adds a row.
    ///
    /// - Parameters:
    ///   - distances: s_c − s*, from −`largestDistance` to 0, padded with any values to a multiple of 8.
    ///   - powers: e^(β·distance) at the first grid point, padded with zeros; overwritten.
    ///   - classes: the number of classes, without padding.
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
        // Once all terms but the best have vanished, they stay zero.
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

    /// The β within the grid's range that minimises the mean negative log-likelihood.
    ///
    /// Each label counts as the true class with 1 − ε and as any class with ε = 1/(weight + 2), like Platt's targets (1999,
    /// section 2.2): rows that were all predicted correctly then give a large β, not an infinite one.
    ///
    /// - Complexity: O(count).
    var inverseTemperature: Double {
        let smoothing = 1 / (weight + 2)
        let target = labelScore + (averageScore - labelScore) * smoothing
        // The likelihood is concave, so the derivative changes sign once.
        guard let upper = mean.firstIndex(where: { $0 >= target }) else { return Self.beta(Self.count - 1) }
        guard upper > 0 else { return Self.beta(0) }
        let lower = upper - 1
        return Self.beta(lower) * exp2(Self.minimum(at(lower, target), at(upper, target)))
    }

    private static func beta(_ place: Int) -> Double { Double(sign: .plus, exponent: exponents.lowerBound + place, significand: 1) }

    /// Value and derivatives with respect to log₂β.
    private func at(_ place: Int, _ target: Double) -> (value: Double, first: Double, second: Double) {
        let beta = Self.beta(place)
        let slope = beta * (mean[place] - target)
        let ln2 = 0.693_147_180_559_945_3
        return (partition[place] - beta * target, ln2 * slope, ln2 * ln2 * (slope + beta * beta * variance[place]))
    }

    /// The minimum of the quintic with the given values and derivatives at 0 and 1; its derivative is negative at 0 but not at 1.
    private static func minimum(
        _ left: (value: Double, first: Double, second: Double), _ right: (value: Double, first: Double, second: Double)
    ) -> Double {
        let rise = right.value - left.value
        let c3 = 10 * rise - 6 * left.first - 4 * right.first - 1.5 * left.second + 0.5 * right.second
        let c4 = -15 * rise + 8 * left.first + 7 * right.first + 1.5 * left.second - right.second
        let c5 = 6 * rise - 3 * (left.first + right.first) - 0.5 * (left.second - right.second)
        return root(left.first, left.second, 3 * c3, 4 * c4, 5 * c5, at1: right.first)
    }

    /// A place between 0 and 1 where a polynomial of fourth degree changes its sign; it is negative at 0 but not at 1.
    ///
    /// Newton's steps from where the chord through the ends is zero, halving instead what is left where they would leave it: usually
    /// four steps, to the last digits. It depends on the polynomial alone, so a restored model finds the same place.
    ///
    /// - Parameters:
    ///   - a: the value at 0; `b` to `e` are the coefficients of x to x⁴.
    ///   - at1: the value at 1.
    static func root(_ a: Double, _ b: Double, _ c: Double, _ d: Double, _ e: Double, at1: Double) -> Double {
        var (low, high) = (0.0, 1.0)
        var x = a / (a - at1)
        // The midpoint of 48 halvings is as exact as x can be.
        for _ in 0..<48 {
            let value = a + x * (b + x * (c + x * (d + x * e)))
            let slope = b + x * (2 * c + x * (3 * d + x * (4 * e)))
            if value < 0 { low = x } else { high = x }
            let next = x - value / slope
            // The error after a step is about its square.
            if abs(next - x) <= 0x1p-40 { return min(max(next, 0), 1) }
            // NaN is not inside either.
            x = next > low && next < high ? next : (low + high) / 2
        }
        return x
    }

    /// Reduces the weight of the rows so far; it stays positive.
    mutating func fade(to share: Double) { weight = max(weight * share, .leastNormalMagnitude) }
}
