internal import Glibc
internal import LinearAlgebra

/// How well ridge regressions with other ridges would predict rows they have not learned, estimated from the sums alone.
///
/// Generalised cross-validation (Golub, Heath and Wahba, Technometrics 21, 1979): V(λ) = (RSS(λ)/n) / (1 − df(λ)/n)² for n rows,
/// with the residual sum of squares over all rows and classes, and the effective degrees of freedom df = tr G(G+λI)⁻¹. It
/// estimates the squared error of the scores, not the accuracy.
public struct RidgeCurve: Sendable, Equatable {
    /// The estimate for one ridge.
    public struct Point: Sendable, Equatable {
        /// λ.
        public let ridge: Double
        /// V(λ).
        public let generalizedCrossValidation: Double
        /// df(λ), at most D and n.
        public let degreesOfFreedom: Double
        /// RSS(λ).
        public let residualSumOfSquares: Double
    }

    /// The version of the state that the curve describes.
    public let version: Int
    /// n, the rows of that state, including rows of no class.
    public let samples: Int
    /// The ridge that was in force.
    public let ridge: Double
    /// Half decades around that ridge, in ascending order, without ridges so small that the sums do not determine their weights.
    public let points: [Point]
    /// The ridge with the least V in the range of G's eigenvalues; nil if V has none because rows are too few.
    public let minimum: Point?
}

extension RidgeCurve {
    /// Half decades to each side of the ridge in force.
    static let halfDecades = 8

    /// The curve of a state.
    ///
    /// - Parameters:
    ///   - errors: of the state.
    ///   - version: of the state.
    ///   - ridge: in force.
    /// - Complexity: O(D·C) for each of about fifty ridges.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    init(_ errors: inout RidgeErrors, version: Int, ridge: Double) throws(LinearAlgebraError) {
        var points: [Point] = []
        for step in -Self.halfDecades...Self.halfDecades {
            let other = step == 0 ? ridge : ridge * Self.power(Double(step) / 2)
            if other.isFinite, other > 0, let point = try errors.point(ridge: other) { points.append(point) }
        }
        self.points = points
        minimum = try Self.minimum(&errors)
        self.version = version
        samples = errors.samples
        self.ridge = ridge
    }

    private static func power(_ exponent: Double) -> Double { pow(10, exponent) }

    /// The least V: by half decades over the range of the eigenvalues, then by golden sections to a hundredth of a decade.
    private static func minimum(_ errors: inout RidgeErrors) throws(LinearAlgebraError) -> Point? {
        let range = errors.range
        guard range.lowerBound > 0 else { return nil }
        let (low, high) = (log10(range.lowerBound), log10(range.upperBound))
        let steps = max(1, Int((2 * (high - low)).rounded(.up)))
        let exponent = { (step: Int) in low + (high - low) * Double(step) / Double(steps) }
        var best: (step: Int, point: Point)?
        for step in 0...steps {
            guard let point = try errors.point(ridge: power(exponent(step))) else { continue }
            if point.generalizedCrossValidation < best?.point.generalizedCrossValidation ?? .infinity { best = (step, point) }
        }
        guard var (step, point) = best else { return nil }
        var (left, right) = (exponent(max(0, step - 1)), exponent(min(steps, step + 1)))
        step = 0
        let section = (5.0.squareRoot() - 1) / 2
        while right - left > 0.01, step < 64 {
            let (first, second) = (right - section * (right - left), left + section * (right - left))
            let (lower, upper) = (try errors.point(ridge: power(first)), try errors.point(ridge: power(second)))
            for candidate in [lower, upper] {
                if let candidate, candidate.generalizedCrossValidation < point.generalizedCrossValidation { point = candidate }
            }
            let isLower = lower?.generalizedCrossValidation ?? .infinity <= upper?.generalizedCrossValidation ?? .infinity
            if isLower { right = second } else { left = first }
            step += 1
        }
        return point
    }
}
