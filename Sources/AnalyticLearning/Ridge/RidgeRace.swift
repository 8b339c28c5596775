internal import LinearAlgebra

/// Compares ridges by rows that none of the candidates has learned: all score a row before it is learned, and a ridge wins against
/// another if it is right where the other is wrong, significantly more often than the reverse.
///
/// The candidates' weights are of an older state, all of the same one, so the comparison is fair to each. It is a reference because it
/// holds buffers; it belongs to its classifier's thread.
final class RidgeRace {
    let candidates: RidgeCandidates
    let metric: RidgeMetric
    /// Rows scored by the candidates, of this state and of those before it.
    private(set) var scored = 0
    /// Rows that could have been scored.
    private var offered = 0
    /// The number of scored rows from which the next decision may be made.
    private var nextDecision = RidgeRace.firstDecision
    /// For each pair of ridges (i, j), rows on which i was right and j wrong.
    private var wins: [Wins]
    /// The weight of the rows on which each ridge was right, and of all.
    private var right: [Double]
    private var total = 0.0

    private var sample: Matrix
    private var scores: Matrix
    private var places: [Int] = []

    /// Rows on which one ridge was right and another wrong.
    private struct Wins {
        var rows = 0.0
        /// Σ of the rows' weights, and of their squares.
        var sum = 0.0
        var squares = 0.0
    }

    private static let firstDecision = 64
    private static let decisionStep = 32
    /// The weight that results keep when new candidates come, as the model has grown by a quarter: as if each row counted once.
    private static let kept = 0.8
    /// The normal quantile of a two-sided test at p < 0.01.
    private static let significance = 2.5758
    /// With fewer differences no outcome has p < 0.01: 2·2⁻⁸.
    private static let fewestDifferences = 8.0
    /// The share of learning's operations that scoring may take; the constant stands for what a row costs however short it is.
    private static let largestShare = 0.04
    private static let rowOperations = 2e5
    /// Rows that are scored at once.
    private static let block = 64

    /// - Parameters:
    ///   - former: the race before, whose results go on with less weight for the ridges that stay.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    init(_ candidates: RidgeCandidates, width: Int, metric: RidgeMetric, after former: RidgeRace?) throws(LinearAlgebraError) {
        sample = try Matrix(rows: width, columns: 0)
        scores = try Matrix(rows: 0, columns: 0)
        self.candidates = candidates
        self.metric = metric
        let count = candidates.ridges.count
        wins = [Wins](repeating: Wins(), count: count * count)
        right = [Double](repeating: 0, count: count)
        guard let former, former.metric == metric else { return }
        let places = candidates.ridges.map { ridge in former.candidates.ridges.firstIndex(of: ridge) }
        for (i, from) in places.enumerated() {
            for (j, against) in places.enumerated() {
                guard let from, let against else { continue }
                let old = former.wins[from * former.candidates.ridges.count + against]
                wins[i * count + j] = Wins(rows: old.rows * Self.kept, sum: old.sum * Self.kept, squares: old.squares * Self.kept)
            }
        }
        // Shares of the same rows only: if a candidate is new, all begin with the state's own rows.
        if !places.contains(nil) {
            for (place, old) in places.enumerated() { right[place] = (old.map { former.right[$0] } ?? 0) * Self.kept }
            total = former.total * Self.kept
        }
        offered = former.offered
        scored = former.scored
        nextDecision = former.nextDecision
    }

    /// One row in how many is scored: so that scoring takes a small share of learning's 4D² operations a row.
    static func stride(width: Int, columns: Int) -> Int {
        let width = Double(width)
        return max(1, Int((2 * width * Double(columns) / (largestShare * (4 * width * width + rowOperations))).rounded(.up)))
    }

    /// What the race has seen so far.
    var summary: RidgeRaceSummary {
        RidgeRaceSummary(
            scored: scored,
            candidates: zip(candidates.ridges, right).map { .init(ridge: $0, share: total > 0 ? $1 / total : nil) })
    }

    /// Scores some of the rows before they are learned.
    ///
    /// - Parameters:
    ///   - h: Hᵀ [D×n].
    ///   - columns: the class of each row; rows of classes that the candidates do not know are left out.
    ///   - counts: n_c before the rows.
    /// - Throws: `LinearAlgebraError.outOfMemory`; nothing has been counted then.
    /// - Complexity: 2DC operations for each candidate and scored row.
    func record(_ h: borrowing Matrix, columns: ArraySlice<Int>, counts: [Int]) throws(LinearAlgebraError) {
        let every = Self.stride(width: h.rows, columns: candidates.ridges.count * candidates.classCount)
        places.removeAll(keepingCapacity: true)
        for row in 0..<h.columns where columns[columns.startIndex + row] < candidates.classCount {
            offered += 1
            // By a hash: the choice of rows must not follow a period of the stream.
            if every == 1 || Calibrator.hash(UInt64(offered)) % UInt64(every) == 0 { places.append(row) }
        }
        for first in Swift.stride(from: 0, to: places.count, by: Self.block) {
            let part = places[first..<min(first + Self.block, places.count)]
            try sample.reshapeScratch(columns: part.count)
            for (target, row) in part.enumerated() { sample.copyColumn(row, of: h, to: target) }
            try candidates.score(sample, into: &scores)
            for (row, place) in part.enumerated() {
                let label = columns[columns.startIndex + place]
                count(row, label: label, weight: metric.weight(of: label, counts: counts))
            }
            scored += part.count
        }
    }

    private func count(_ row: Int, label: Int, weight: Double) {
        let (ridges, classes) = (candidates.ridges.count, candidates.classCount)
        var hits = 0
        for ridge in 0..<ridges {
            var (best, highest) = (-1, -Double.infinity)
            for column in 0..<classes {
                let score = scores[row, ridge * classes + column]
                if score > highest { (best, highest) = (column, score) }
            }
            if best == label { hits |= 1 << ridge }
        }
        total += weight
        for ridge in 0..<ridges where hits & 1 << ridge != 0 { right[ridge] += weight }
        // Most rows are right or wrong under all of them.
        guard hits != 0, hits != (1 << ridges) - 1 else { return }
        for i in 0..<ridges where hits & 1 << i != 0 {
            for j in 0..<ridges where hits & 1 << j == 0 {
                wins[i * ridges + j].rows += 1
                wins[i * ridges + j].sum += weight
                wins[i * ridges + j].squares += weight * weight
            }
        }
    }

    /// The ridge to move to from the one in force; nil to stay. Decisions are made at growing numbers of rows, so that the many tests of
    /// a long stream do not add up to a move by chance.
    ///
    /// - Complexity: O(1).
    func decide(current: Double) -> Double? {
        // Also before a move that may fail: it must not be tried with every block.
        guard scored >= nextDecision else { return nil }
        nextDecision = scored + max(Self.decisionStep, scored / 4)
        // The sums do not determine the weights of a ridge that is no candidate.
        guard let own = candidates.ridges.firstIndex(of: current) else { return candidates.preferred }
        let ridges = candidates.ridges.count
        var winner: (ridge: Double, lead: Double)?
        for other in 0..<ridges where other != own {
            let (ahead, behind) = (wins[other * ridges + own], wins[own * ridges + other])
            let lead = ahead.sum - behind.sum
            let differences = ahead.rows + behind.rows
            guard lead > winner?.lead ?? 0, differences >= Self.fewestDifferences else { continue }
            // The sign test in its normal form, with rows weighted by class for balanced accuracy, and corrected for continuity.
            let squares = ahead.squares + behind.squares
            let correction = squares / (ahead.sum + behind.sum)
            if lead - correction > Self.significance * squares.squareRoot() { winner = (candidates.ridges[other], lead) }
        }
        return winner?.ridge
    }
}
