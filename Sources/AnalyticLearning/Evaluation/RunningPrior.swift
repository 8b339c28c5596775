internal import Glibc

/// log π as in `ClassPrior` while a stream goes on, up to a constant on which no choice and no probability depends.
///
/// Only what has changed is computed again, so single rows cost one logarithm each.
struct RunningPrior {
    /// n_c by column.
    private var counts: [Int] = []
    private var exponent = 1.0
    /// The counts that the next two were computed from; −1 for none.
    private var settled: [Int] = []
    /// e·log n_c; for a class without rows the highest of the others, which lowers its scores most.
    private var logarithms: [Double] = []
    /// exp(−logarithm/4).
    private var roots: [Double] = []

    /// Starts from these counts.
    mutating func begin(_ counts: [Int], exponent: Double) {
        if exponent != self.exponent { settled.removeAll(keepingCapacity: true) }
        self.counts = counts
        self.exponent = exponent
    }

    /// Counts a row.
    mutating func add(_ column: Int) { counts[column] += 1 }

    /// Prepares for scores of the first classes.
    ///
    /// - Complexity: O(C), with a logarithm and an exponential for each class whose count has changed.
    mutating func settle(classes: Int) {
        if settled.count < counts.count {
            let added = counts.count - settled.count
            settled.append(contentsOf: repeatElement(-1, count: added))
            logarithms.append(contentsOf: repeatElement(0, count: counts.count - logarithms.count))
            roots.append(contentsOf: repeatElement(1, count: counts.count - roots.count))
        }
        var highest = -Double.infinity
        for column in 0..<classes where counts[column] > 0 {
            if settled[column] != counts[column] {
                settled[column] = counts[column]
                logarithms[column] = exponent * log(Double(counts[column]))
                roots[column] = exp(-logarithms[column] / 4)
            }
            highest = max(highest, logarithms[column])
        }
        // Without any rows there is nothing to adjust.
        if highest == -.infinity { highest = 0 }
        for column in 0..<classes where counts[column] == 0 {
            settled[column] = -1
            logarithms[column] = highest
            roots[column] = exp(-highest / 4)
        }
    }

    /// The settled logarithm of a class.
    func logarithm(of column: Int) -> Double { logarithms[column] }

    /// Calls `body` with the settled exp(−logarithm/4) by column.
    func withRoots(_ body: (UnsafeBufferPointer<Double>) -> Void) { roots.withUnsafeBufferPointer(body) }

    /// The column with the highest s − factor·logarithm, the first of equal ones.
    func best(_ scores: UnsafeBufferPointer<Double>, factor: Double) -> Int {
        logarithms.withUnsafeBufferPointer { logarithms in
            var (best, highest) = (-1, -Double.infinity)
            for column in scores.indices {
                let score = scores[column] - factor * logarithms[column]
                if score > highest { (best, highest) = (column, score) }
            }
            return best
        }
    }
}
