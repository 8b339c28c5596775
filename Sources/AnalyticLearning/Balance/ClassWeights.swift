internal import Glibc

/// AIR's class weights w_c ∝ n_c^−power, scaled so that Σ w_c n_c = Σ n_c, which keeps the ridge's meaning.
///
/// (AIR as published scales to Σ w_c = C. For power 1 that is the same model with ridge λ·(n/C)/(C/Σ_c 1/n_c).)
struct ClassWeights {
    /// w_c in column order; 0 for a class without rows.
    let values: [Double]
    /// The smallest weight of a class with rows; also the weight of rows of no class.
    let smallest: Double

    /// - Precondition: at least one class has rows.
    init(counts: [Int], power: Double) {
        // Relative to the largest class, so that no power of a large count underflows.
        let largest = Double(counts.max() ?? 1)
        let raw = counts.map { $0 > 0 ? Self.power(largest / Double($0), power) : 0 }
        var (rows, weighted) = (0.0, 0.0)
        for (count, weight) in zip(counts, raw) {
            rows += Double(count)
            weighted += weight * Double(count)
        }
        let scale = rows / weighted
        values = raw.map { $0 * scale }
        smallest = scale
    }

    /// ratio^power; exact for half and whole powers, the common ones, without calling the C library.
    private static func power(_ ratio: Double, _ power: Double) -> Double {
        let whole = power.rounded(.down)
        var result = 1.0
        for _ in 0..<Int(whole) { result *= ratio }
        switch power - whole {
        case 0: return result
        case 0.5: return result * ratio.squareRoot()
        default: return pow(ratio, power)
        }
    }
}
