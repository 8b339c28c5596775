/// Rows of a load that a model has learned, but that its predictions do not use yet; and when they must.
///
/// Solving for the weights costs as much as learning about `bulkRows` rows through the recursion. The first rows of a load therefore still
/// go through it: a trickle costs at most twice what is needed, and is seen at once. When the queue runs empty, the solution waits for as
/// long as the last one took, or a quarter of a second, in case the load goes on.
///
/// Times are seconds of a single clock, which the caller reads.
struct UnseenRows {
    /// The longest time, in seconds, for which a row may be unseen.
    static let patience = 10.0
    /// The shortest and the longest wait, in seconds, for more rows once the queue is empty.
    static let pauses = 0.25...1.0

    private var pause: Double { min(max(solution, Self.pauses.lowerBound), Self.pauses.upperBound) }

    /// The number of unseen rows.
    private(set) var count = 0
    /// Rows of the load that went through the recursion since the last pause.
    private var seen = 0
    /// When the first unseen row was learned.
    private var since = 0.0
    /// When the last row of the load was learned.
    private var latest = -Double.infinity
    /// How long the last solution took.
    private var solution = 0.0

    /// Whether a block of a load is added to the sums alone.
    ///
    /// - Parameter bulkRows: see `ModelConfiguration.bulkRows`.
    mutating func defers(rows: Int, bulkRows: Int, at time: Double) -> Bool {
        if count == 0, time > latest + Self.pauses.upperBound { seen = 0 }
        guard count == 0, seen + rows < bulkRows else { return true }
        seen += rows
        latest = time
        return false
    }

    /// Counts rows that were added to the sums alone.
    mutating func add(_ rows: Int, at time: Double) {
        if count == 0 { since = time }
        count += rows
        latest = time
    }

    /// Records that predictions use all rows.
    ///
    /// - Parameter seconds: how long the solution took; nil if it was made for another reason.
    mutating func clear(seconds: Double?) {
        count = 0
        seen = 0
        if let seconds { solution = seconds }
    }

    /// When the rows must be seen although the load goes on.
    var limit: Double? { count > 0 ? since + Self.patience : nil }

    /// When the rows must be seen if no others come.
    var due: Double? { count > 0 ? min(since + Self.patience, latest + pause) : nil }
}
