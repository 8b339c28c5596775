/// (A + λI) W = B for a symmetric A ⪰ 0, by Cholesky's factorisation in `DoubleDouble`: the histories' solver, which shares nothing with
/// the engine.
struct OracleSolution: Sendable {
    let width: Int
    /// W, with one column per right-hand side.
    let weights: [[Double]]
    /// The trace of A + λI times that of its inverse: at least its condition number. Infinite if there is no factor.
    let condition: Double
    /// The trace of (A + λI)⁻¹.
    let inverseTrace: Double
    /// ‖W‖ in the Frobenius norm.
    let norm: Double
    private let factor: [DoubleDouble]
    /// How far B may be off in the service, whatever it is now.
    private let residue: Double

    /// - Parameters:
    ///   - gram: A row-major; only the lower triangle counts.
    ///   - right: the columns of B.
    ///   - residue: what rounding of rows that have gone since may have left in B.
    init(width: Int, gram: [DoubleDouble], ridge: Double, right: [[DoubleDouble]], residue: Double) {
        self.width = width
        self.residue = residue
        var factor = gram
        var isFactored = true
        var trace = 0.0
        factor.withUnsafeMutableBufferPointer { l in
            for row in 0..<width {
                l[row * width + row] += DoubleDouble(ridge)
                trace += l[row * width + row].high
            }
            for row in 0..<width {
                for column in 0...row {
                    var sum = l[row * width + column]
                    for k in 0..<column { sum = sum - l[row * width + k] * l[column * width + k] }
                    if row != column {
                        l[row * width + column] = sum / l[column * width + column]
                    } else {
                        if !(sum.high > 0 && sum.high.isFinite) { isFactored = false }
                        l[row * width + row] = sum.squareRoot
                    }
                }
            }
        }
        self.factor = factor
        guard isFactored else {
            condition = .infinity
            inverseTrace = .infinity
            weights = right.map { $0.map { _ in 0 } }
            norm = 0
            return
        }
        var inverseTrace = 0.0
        for index in 0..<width {
            var unit = [DoubleDouble](repeating: DoubleDouble(0), count: width)
            unit[index] = DoubleDouble(1)
            inverseTrace += Self.forward(factor, width, unit).reduce(0) { $0 + $1.high * $1.high }
        }
        condition = trace * inverseTrace
        self.inverseTrace = inverseTrace
        weights = right.map { column in Self.backward(factor, width, Self.forward(factor, width, column)).map(\.high) }
        norm = OracleModel.length(Array(weights.joined()))
    }

    /// hᵀ(A + λI)⁻¹h.
    func leverage(_ h: [Double]) -> Double {
        Self.forward(factor, width, h.map { DoubleDouble($0) }).reduce(DoubleDouble(0)) { $0 + $1 * $1 }.high
    }

    /// How far W may be off in the service, relative to ‖W‖: drift is tolerated up to 1e-8, and the condition amplifies rounding.
    var relativeTolerance: Double { 1e-6 + 1e3 * .ulpOfOne * condition }

    /// How far W may be off in the service. The second part shows if the sums of all remaining classes are zero.
    var tolerance: Double { relativeTolerance * norm + residue * inverseTrace }

    /// Whether the equations are well enough conditioned for the service to owe digits.
    var isTold: Bool { condition < 1e11 && norm.isFinite }

    private static func forward(_ l: [DoubleDouble], _ width: Int, _ b: [DoubleDouble]) -> [DoubleDouble] {
        var y = b
        for row in 0..<width {
            var sum = y[row]
            for k in 0..<row { sum = sum - l[row * width + k] * y[k] }
            y[row] = sum / l[row * width + row]
        }
        return y
    }

    private static func backward(_ l: [DoubleDouble], _ width: Int, _ y: [DoubleDouble]) -> [DoubleDouble] {
        var x = y
        for row in (0..<width).reversed() {
            var sum = x[row]
            for k in (row + 1)..<max(width, row + 1) { sum = sum - l[k * width + row] * x[k] }
            x[row] = sum / l[row * width + row]
        }
        return x
    }
}
