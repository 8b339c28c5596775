/// Rows predicted before they were learned, and how many of them correctly: between two bounds, since scores may tie.
struct Tally: Sendable, Equatable {
    var rows = 0
    var fewest = 0
    var most = 0

    /// Whether a share of correct predictions is possible.
    func admits(_ share: Double?) -> Bool {
        guard let share else { return rows == 0 }
        guard rows > 0 else { return false }
        let correct = share * Double(rows)
        return abs(correct - correct.rounded()) < 1e-6 && (fewest...most).contains(Int(correct.rounded()))
    }

    /// Adopts the service's value among the possible ones.
    mutating func settle(_ share: Double?) {
        guard let share, rows > 0 else { return }
        fewest = Int((share * Double(rows)).rounded())
        most = fewest
    }

    static func += (a: inout Tally, b: Tally) {
        a.rows += b.rows
        a.fewest += b.fewest
        a.most += b.most
    }
}
