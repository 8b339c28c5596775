internal import LinearAlgebra

/// A copied state of the truth, turned into G̃ and Q̃ in place.
struct BalanceProblem: ~Copyable, Sendable {
    let configuration: ModelConfiguration
    let featureMap: FeatureMap
    let labels: [Label]
    let counts: [Int]
    let epoch: Int
    /// G at first, then G̃.
    var normal: NormalEquations
    /// Q at first, then Q̃, then W̃.
    var right: Matrix
    /// s at first, then s̃ [D×1], if the model has an intercept; otherwise without columns.
    var rowSum: Matrix
    /// q̃, and ñ: the weights of the rows of each class, and of all.
    var classWeights: [Double]
    var totalWeight: Double
    /// μ [d×C], if pseudo-features are drawn.
    var mean: Matrix
    /// noise·σ [d×C], if pseudo-features are drawn.
    var deviation: Matrix
    /// B_c, if classes are weighted by sketches.
    var sketches: [FrequentDirections] = []
    /// The size of the mapped rows in G.
    let scale: RowScale

    /// Copies what the balanced weights of a state depend on.
    ///
    /// - Complexity: O(D² + (D + d)·C); O(D²C) with exact class matrices, which are summed here because that needs less memory
    ///   than copying them.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    init(
        configuration: ModelConfiguration, featureMap: FeatureMap, labels: [Label], epoch: Int, square: borrowing SymmetricPair,
        truth: inout Truth
    ) throws(LinearAlgebraError) {
        var normal = try NormalEquations(gramOf: square)
        let scale = RowScale(squares: (0..<normal.dimension).map { normal[$0, $0] }, rows: truth.samples)
        let right = try truth.crossMoment.copied()
        let rowSum = try truth.rowSum.copied()
        var mean = try Matrix(rows: featureMap.dimension, columns: 0)
        var deviation = try Matrix(rows: featureMap.dimension, columns: 0)
        var sketches: [FrequentDirections] = []
        switch configuration.imbalance {
        case .none, .discriminant: break
        case .pseudoFeatures(let noise, _, _):
            mean = try truth.moments.mean.copied()
            deviation = try truth.moments.m2.copied()
            for (column, count) in truth.counts.enumerated() {
                deviation.withMutableColumn(column) { values in
                    for index in values.indices {
                        values[index] = count > 1 ? noise * (values[index] / Double(count - 1)).squareRoot() : 0
                    }
                }
            }
        case .reweight(let power):
            // Rotated first, as in a snapshot of this state, so that a restored model gives the same bits.
            try truth.sketches.rotate()
            sketches = truth.sketches.directions
            if truth.sketches.rank == .exact {
                let weights = ClassWeights(counts: truth.counts, power: power)
                normal.scale(by: weights.smallest)
                truth.sketches.addGrams(to: &normal) { max(0, weights.values[$0] - weights.smallest) }
            }
        }
        self.configuration = configuration
        self.featureMap = featureMap
        self.labels = labels
        counts = truth.counts
        self.epoch = epoch
        self.normal = normal
        self.right = right
        self.rowSum = rowSum
        classWeights = truth.counts.map(Double.init)
        totalWeight = Double(truth.samples)
        self.mean = mean
        self.deviation = deviation
        self.sketches = sketches
        self.scale = scale
    }

    /// Turns G and Q into G̃ and Q̃.
    ///
    /// - Throws: `BalanceError.stopped`, or `.solver(.outOfMemory)`.
    mutating func assemble(shouldStop: () -> Bool) throws(BalanceError) {
        var isWhole = true
        do throws(LinearAlgebraError) {
            switch configuration.imbalance {
            case .none, .discriminant: break
            case .pseudoFeatures(_, let cap, let seed):
                isWhole = try addPseudoFeatures(cap: cap, seed: seed, shouldStop: shouldStop)
            case .reweight(let power):
                try reweigh(ClassWeights(counts: counts, power: power))
            }
        } catch {
            throw .solver(error)
        }
        if !isWhole { throw .stopped }
    }

    /// Solves (G̃+λI)W̃ = Q̃; with an intercept, after G̃ − s̃s̃ᵀ/ñ and Q̃ − s̃q̃ᵀ/ñ have replaced G̃ and Q̃.
    ///
    /// - Throws: `BalanceError`; `.noClass` if no class can have weights.
    consuming func solved(version: Int, shouldStop: () -> Bool) throws(BalanceError) -> BalancedWeights {
        try assemble(shouldStop: shouldStop)
        let solution: NormalEquations.Solution
        var intercepts: [Double] = []
        do throws(LinearAlgebraError) {
            if configuration.intercept { CentredSums.centre(&normal, &right, rowSum, classWeights, total: totalWeight) }
            solution = try normal.solve(ridge: configuration.ridge, &right)
            if configuration.intercept { intercepts = CentredSums.intercepts(right, rowSum, classWeights, total: totalWeight) }
        } catch {
            throw .solver(error)
        }
        let weights = BalancedWeights(
            version: version, imbalance: configuration.imbalance, solution: solution, epoch: epoch, weights: right,
            intercepts: intercepts, scale: scale)
        guard let weights else { throw .noClass }
        return weights
    }

    /// Peak memory in doubles: mostly one square, except for a discriminant.
    static func doubles(_ imbalance: Imbalance, width: Int, dimension: Int, classes: Double) -> Double {
        if case .discriminant = imbalance { return DiscriminantProblem.doubles(width: width, classes: classes) }
        let rows = Double(blockRows(width: width))
        let doubles = Double(width) * Double(width) + Double(width) * classes + rows * Double(width)
        guard case .pseudoFeatures = imbalance else { return doubles }
        return doubles + Double(dimension) * (2 * classes + rows)
    }

    /// Rows mapped and added to G̃ at once: few compared with the square, but enough for `dsyrk`'s full rate.
    static func blockRows(width: Int) -> Int { max(32, min(512, width / 4)) }
}
