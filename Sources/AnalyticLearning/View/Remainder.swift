internal import LinearAlgebra

/// The directions that a truncated solution left out, and what rows have since added to G along them.
///
/// R is zero along them, and the recursion cannot change that: once rows have filled such a direction, the view must be solved again. Four
/// random combinations stand for all directions: a row with a part along any direction almost surely has one along the combinations.
struct Remainder: ~Copyable {
    /// The combinations [D×4]; without columns where nothing was left out.
    private var combinations: Matrix
    /// How many directions were left out.
    private let count: Int
    /// How many solutions found as many left out as the one before, one after another.
    private let vainSolutions: Int
    /// The part of G that rows since have added along the combinations.
    var energy = 0.0

    private static let most = 4

    /// Where nothing was left out.
    init(width: Int) throws(LinearAlgebraError) {
        combinations = try Matrix(rows: width, columns: 0)
        (count, vainSolutions) = (0, 0)
    }

    /// - Parameters:
    ///   - directions: V₀ [D×k], orthonormal.
    ///   - earlier: what the solution before has left out.
    ///   - seed: another for each solution.
    init(_ directions: borrowing Matrix, after earlier: borrowing Remainder, seed: UInt64) throws(LinearAlgebraError) {
        let generator = Philox4x32(key: seed)
        var factors = try Matrix(rows: directions.columns, columns: Self.most)
        for column in 0..<Self.most {
            for row in 0..<directions.columns {
                let word = generator.words(SIMD4(UInt32(truncatingIfNeeded: row), UInt32(column), 0, 4)).x
                factors[row, column] = (Double(word) + 0.5) * 0x1p-31 - 1
            }
        }
        combinations = try Matrix(rows: directions.rows, columns: Self.most)
        combinations.multiply(directions, by: factors)
        count = directions.columns
        vainSolutions = earlier.count > 0 && count >= earlier.count ? min(earlier.vainSolutions + 1, 30) : 0
    }

    /// Adds what rows h [D×n] have along the directions.
    ///
    /// - Parameter scratch: is overwritten.
    mutating func add(_ h: borrowing Matrix, scratch: inout Matrix) throws(LinearAlgebraError) {
        guard combinations.columns > 0 else { return }
        try scratch.reshapeScratch(rows: combinations.columns, columns: h.columns)
        scratch.multiply(combinations, transposed: true, by: h)
        energy += scratch.sumOfSquares
    }

    /// Whether a solution would keep more directions: what rows have added is no longer lost in the rounding of G. After a few solutions
    /// in a row that kept no more, each further one waits for twice as many rows.
    ///
    /// - Parameters:
    ///   - trace: that of G.
    ///   - rows: how many have come since the last solution.
    func isFilled(trace: Double, rows: Int) -> Bool {
        energy > .ulpOfOne * trace && rows >= 1 << max(0, vainSolutions - 4)
    }
}
