/// What the intercepts of a state follow from, of size C: see `InterceptTerm`.
struct InterceptSums: Sendable {
    /// q − Qᵀr.
    var residuals: [Double] = []
    /// q = n_c.
    var counts: [Double] = []
    /// n, all rows.
    var rows = 0.0
    /// n − sᵀr.
    var remainder = 0.0

    init() {}

    /// No rows.
    init(classes: Int) { setClasses(classes) }

    /// Counts, and residuals of r = 0: what Qᵀr is has to be subtracted.
    init(counts: [Double], rows: Double) {
        self.counts = counts
        self.rows = rows
        residuals = counts
    }

    /// Adds classes without rows at the end, or drops the last ones.
    mutating func setClasses(_ count: Int) {
        for path in [\InterceptSums.residuals, \.counts] {
            let known = self[keyPath: path].count
            if known > count { self[keyPath: path].removeLast(known - count) }
            if known < count { self[keyPath: path].append(contentsOf: repeatElement(0, count: count - known)) }
        }
    }

    /// b; zeros without rows.
    var intercepts: [Double] {
        remainder > 0 ? residuals.map { $0 / remainder } : residuals.map { _ in 0 }
    }

    /// Adds a learned row, as `ResidualMoment.add` does.
    ///
    /// - Parameters:
    ///   - gap: its element of L⁻¹(1 − Hr).
    ///   - column: its class.
    ///   - x: its row of L⁻¹(Y − HW).
    mutating func add(gap: Double, column: Int, _ x: (Int) -> Double) {
        for place in residuals.indices { residuals[place] += gap * x(place) }
        remainder += gap * gap
        counts[column] += 1
        rows += 1
    }
}
