internal import LinearAlgebra

/// The directions that a truncated solution omitted, and what rows have since added to G along them.
///
/// R is zero along them, and the recursion cannot change that: once rows have filled such a direction, the view must be solved
/// again. Four random combinations stand for all directions: a row with a part along any direction almost surely has one along the
/// combinations.
struct Remainder: ~Copyable {
    /// The combinations [D×4]; without columns if nothing was omitted.
    private var combinations: Matrix
    /// The number of omitted directions.
    private let count: Int
    /// The number of consecutive solutions that omitted as many directions as the one before.
    private let vainSolutions: Int
    /// The part of G that later rows have added along the combinations.
    var energy = 0.0

    private static let most = 4

    /// Nothing omitted.
    init(width: Int) throws(LinearAlgebraError) {
        combinations = try Matrix(rows: width, columns: 0)
        (count, vainSolutions) = (0, 0)
    }

    /// - Parameters:
    ///   - directions: V₀ [D×k], orthonormal.
    ///   - earlier: what the previous solution omitted.
    ///   - seed: must differ for each solution.
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

    /// Adds the part of rows h [D×n] along the directions.
    ///
    /// - Parameter scratch: is overwritten.
    mutating func add(_ h: borrowing Matrix, scratch: inout Matrix) throws(LinearAlgebraError) {
        guard combinations.columns > 0 else { return }
        try scratch.reshapeScratch(rows: combinations.columns, columns: h.columns)
        scratch.multiply(combinations, transposed: true, by: h)
        energy += scratch.sumOfSquares
    }

    /// Whether a solution would keep more directions: what rows have added no longer vanishes in the rounding of G. After several
    /// solutions in a row that kept no more, each further one waits for twice as many rows.
    ///
    /// - Parameters:
    ///   - trace: the trace of G.
    ///   - rows: rows since the last solution.
    func isFilled(trace: Double, rows: Int) -> Bool {
        energy > .ulpOfOne * trace && rows >= 1 << max(0, vainSolutions - 4)
    }
}
