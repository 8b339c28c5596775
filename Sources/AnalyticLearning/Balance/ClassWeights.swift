internal import Glibc

/// AIR's class weights w_c ∝ n_c^−power, scaled so that Σ w_c n_c = Σ n_c: the ridge then keeps its meaning.
///
/// (AIR as published scales them to Σ w_c = C. That is the same model at the ridge λ·(n/C)/(C/Σ_c 1/n_c) for power 1.)
struct ClassWeights {
    /// w_c in column order; 0 for a class without rows, which has none.
    let values: [Double]
    /// The smallest weight of a class with rows: what rows of no class weigh.
    let smallest: Double

    /// - Precondition: some class has rows.
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

    /// ratio^power, exactly where the power is a half or whole number: those are what is used, and then the C library is not asked.
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
