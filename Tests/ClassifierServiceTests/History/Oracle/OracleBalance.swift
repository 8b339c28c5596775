import Glibc

/// A state from which balanced weights may have been made, and the documented formulas for them.
final class OracleBalance: @unchecked Sendable {
    // Proof of Sendable: one thread runs a history; other threads only read what they hold.
    let configuration: OracleConfiguration
    let classes: [OracleClass]
    private let gram: [DoubleDouble]
    private let projection: [Float]
    private let phases: [Float]
    private let residue: Double
    private let largestTrace: Double
    private let orphans: [[Double]]
    private var known: OracleSolution?
    private var knownDiscriminant: OracleDiscriminant??

    init(_ model: OracleModel) {
        configuration = model.configuration
        classes = model.classes
        gram = model.gram
        projection = model.projection
        phases = model.phases
        residue = model.residue
        largestTrace = model.largestTrace
        orphans = model.orphans
    }

    /// Whether the sketches of this state have lost nothing, so that W̃ follows from the rows. A discriminant has no W̃.
    var isTold: Bool {
        guard classes.contains(where: { $0.count > 0 }) else { return false }
        if case .discriminant = configuration.imbalance { return false }
        guard case .reweight = configuration.imbalance, case .rows(let rank) = configuration.sketchRank else { return true }
        return classes.allSatisfy { $0.sketched < 2 * rank && !$0.isSketchStale }
    }

    /// The discriminant of this state; nil if it is none, or too badly conditioned.
    func discriminant() -> OracleDiscriminant? {
        guard case .discriminant(let share, let seed) = configuration.imbalance else { return nil }
        if let knownDiscriminant { return knownDiscriminant }
        let discriminant = OracleDiscriminant(
            configuration, classes, orphans: orphans, falseShare: share, seed: seed, largestTrace: largestTrace)
        knownDiscriminant = discriminant
        return discriminant
    }

    /// W̃ of the classes of this state.
    func solution() -> OracleSolution {
        if let known { return known }
        var gram = gram
        var right = classes.map { OracleModel.sum($0.rows, configuration.width) }
        switch configuration.imbalance {
        case .none, .discriminant: break
        case .pseudoFeatures(let noise, let cap, let seed): fill(noise: noise, cap: cap, seed: seed, &gram, &right)
        case .reweight(let power): reweigh(power, &gram, &right)
        }
        let solution = OracleSolution(width: configuration.width, gram: gram, ridge: configuration.ridge, right: right, residue: residue)
        known = solution
        return solution
    }

    /// Σ over rows of weight·hhᵀ, added.
    private static func add(_ h: [Double], weight: DoubleDouble, to gram: inout [DoubleDouble]) {
        let width = h.count
        for row in 0..<width where h[row] != 0 {
            for column in 0...row { gram[row * width + column] += weight * DoubleDouble(h[row], times: h[column]) }
        }
    }

    /// w_c ∝ n_c^−power with Σ w_c n_c = Σ n_c; rows of no class have the weight of the largest class.
    private func reweigh(_ power: Double, _ gram: inout [DoubleDouble], _ right: inout [[DoubleDouble]]) {
        let counts = classes.map { Double($0.count) }
        let raw = counts.map { $0 > 0 ? pow($0, -power) : 0 }
        let scale = counts.reduce(0, +) / zip(raw, counts).reduce(0) { $0 + $1.0 * $1.1 }
        let weights = raw.map { $0 * scale }
        let smallest = weights.filter { $0 > 0 }.min() ?? 0
        gram = gram.map { $0 * DoubleDouble(smallest) }
        for (column, entry) in classes.enumerated() {
            for row in entry.rows { Self.add(row.h, weight: DoubleDouble(weights[column]) - DoubleDouble(smallest), to: &gram) }
            right[column] = right[column].map { $0 * DoubleDouble(weights[column]) }
        }
    }

    /// AEF-OCL: fills every class up to the largest one with draws around its mean.
    private func fill(noise: Double, cap: Int, seed: UInt64, _ gram: inout [DoubleDouble], _ right: inout [[DoubleDouble]]) {
        let largest = classes.map(\.count).max() ?? 0
        for (column, entry) in classes.enumerated() where entry.count > 0 && entry.count < largest {
            let missing = largest - entry.count
            let drawn = cap > 0 ? min(missing, cap) : missing
            let weight = DoubleDouble(Double(missing)) / DoubleDouble(Double(drawn))
            let (mean, deviation) = moments(entry)
            let draws = OracleDraws(seed: seed, label: entry.label.bytes)
            for draw in 0..<drawn {
                let x = (0..<configuration.dimension).map { mean[$0] + noise * deviation[$0] * draws.value(draw: draw, component: $0) }
                let h = mapped(x)
                Self.add(h, weight: weight, to: &gram)
                for index in h.indices { right[column][index] += weight * DoubleDouble(h[index]) }
            }
        }
    }

    private func mapped(_ x: [Double]) -> [Double] {
        configuration.mapped(x, projection: projection, phases: phases)
    }

    private func moments(_ entry: OracleClass) -> (mean: [Double], deviation: [Double]) {
        let count = Double(entry.count)
        var (mean, deviation): ([Double], [Double]) = ([], [])
        for index in 0..<configuration.dimension {
            let centre = entry.rows.reduce(DoubleDouble(0)) { $0 + DoubleDouble($1.x[index]) } / DoubleDouble(count)
            let squares = entry.rows.reduce(DoubleDouble(0)) { sum, row in
                let distance = DoubleDouble(row.x[index]) - centre
                return sum + distance * distance
            }
            mean.append(centre.high)
            deviation.append(entry.count > 1 ? (squares.high / (count - 1)).squareRoot() : 0)
        }
        return (mean, deviation)
    }
}
