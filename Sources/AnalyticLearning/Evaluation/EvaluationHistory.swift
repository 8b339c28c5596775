/// The accuracies of a progressive evaluation over the stream: at most 512 points, however long the stream.
///
/// A point is kept when the number of counted rows reaches the next multiple of the stride: the smallest power of two that divides
/// the stream into at most 512 parts. When the stride doubles, every other point is dropped. The points are the only state, so a
/// restored history continues exactly as the original would.
public struct EvaluationHistory: Sendable, Equatable {
    /// The most points kept.
    public static let capacity = 512
    /// Shares in a point are multiples of 1/unit.
    static let unit = 1_000_000_000

    /// The accuracies after a number of rows.
    public struct Point: Sendable, Equatable {
        /// The rows counted so far.
        public var evaluated: Int
        /// Shares in billionths. Integers, so that saving loses nothing.
        var shares: Shares

        /// The share of all rows so far that were predicted correctly.
        public var accuracy: Double { Double(shares.accuracy) / Double(EvaluationHistory.unit) }
        /// The mean of the classes' shares.
        public var balancedAccuracy: Double { Double(shares.balanced) / Double(EvaluationHistory.unit) }
        /// The share of the window's rows that were predicted correctly.
        public var windowAccuracy: Double { Double(shares.window) / Double(EvaluationHistory.unit) }
        /// The mean of the classes' shares in the window.
        public var windowBalancedAccuracy: Double { Double(shares.windowBalanced) / Double(EvaluationHistory.unit) }
    }

    /// The four shares of a point.
    struct Shares: Sendable, Equatable {
        var accuracy: Int
        var balanced: Int
        var window: Int
        var windowBalanced: Int
    }

    /// The points, in ascending order of rows.
    public private(set) var points: [Point] = []

    /// The distance between points after a number of rows.
    static func stride(after evaluated: Int, capacity: Int = capacity) -> Int {
        var stride = 1
        while evaluated / stride >= capacity { stride *= 2 }
        return stride
    }

    /// Whether a point is due.
    ///
    /// - Complexity: O(log n).
    func isDue(after evaluated: Int) -> Bool {
        guard evaluated > 0 else { return false }
        guard let last = points.last else { return true }
        let stride = Self.stride(after: evaluated)
        return evaluated / stride > last.evaluated / stride
    }

    /// Appends a point that is due.
    mutating func append(evaluated: Int, overall: ProgressiveEvaluation.Measures, recent: ProgressiveEvaluation.Measures) {
        let stride = Self.stride(after: evaluated)
        if let last = points.last, Self.stride(after: last.evaluated) != stride { thin(stride) }
        func share(_ value: Double?) -> Int { Int(((value ?? 0) * Double(Self.unit)).rounded()) }
        let shares = Shares(
            accuracy: share(overall.accuracy), balanced: share(overall.balancedAccuracy), window: share(recent.accuracy),
            windowBalanced: share(recent.balancedAccuracy))
        points.append(Point(evaluated: evaluated, shares: shares))
    }

    /// Keeps the first point of every part.
    private mutating func thin(_ stride: Int) {
        var part = -1
        points.removeAll { point in
            defer { part = point.evaluated / stride }
            return point.evaluated / stride == part
        }
    }

    // MARK: Saving

    /// Integers per saved point.
    static let columns = 5

    /// The points as rows of `columns` integers.
    var saved: [Int] {
        points.flatMap { [$0.evaluated, $0.shares.accuracy, $0.shares.balanced, $0.shares.window, $0.shares.windowBalanced] }
    }

    /// An empty history.
    init() {}

    /// Restores a saved history.
    ///
    /// - Parameter evaluated: the rows counted when it was saved.
    /// - Throws: `RestoreError` if there are too many points, or they are out of order or impossible.
    init(saved: [Int], evaluated: Int) throws(RestoreError) {
        func check(_ condition: Bool, _ index: Int) throws(RestoreError) {
            if !condition { throw .value(part: "evaluation.history", index: index) }
        }
        try check(saved.count % Self.columns == 0 && saved.count / Self.columns <= Self.capacity, saved.count)
        for start in Swift.stride(from: 0, to: saved.count, by: Self.columns) {
            try check(saved[start] > points.last?.evaluated ?? 0 && saved[start] <= evaluated, start)
            for index in (start + 1)..<(start + Self.columns) { try check((0...Self.unit).contains(saved[index]), index) }
            let shares = Shares(
                accuracy: saved[start + 1], balanced: saved[start + 2], window: saved[start + 3], windowBalanced: saved[start + 4])
            points.append(Point(evaluated: saved[start], shares: shares))
        }
    }
}
