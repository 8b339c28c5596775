/// The figures of a `BalanceCurve` over the stream: at most 128 points, however long the stream, kept as `EvaluationHistory` keeps its own.
public struct BalanceHistory: Sendable, Equatable {
    /// The most points kept.
    public static let capacity = 128
    /// The figures of a point: four at each balance.
    static let figureCount = 4 * BalanceCurve.count

    /// The rows counted at each point.
    private var samples: [Int] = []
    /// The figures of all points, in Float32; −1 for none.
    private var figures: [Float] = []

    /// Whether a point is due.
    func isDue(after count: Int) -> Bool {
        guard count > 0 else { return false }
        guard let last = samples.last else { return true }
        let stride = EvaluationHistory.stride(after: count, capacity: Self.capacity)
        return count / stride > last / stride
    }

    /// Appends a point that is due.
    mutating func append(samples count: Int, _ points: [BalanceCurve.Point]) {
        let stride = EvaluationHistory.stride(after: count, capacity: Self.capacity)
        if let last = samples.last, EvaluationHistory.stride(after: last, capacity: Self.capacity) != stride { thin(stride) }
        samples.append(count)
        for point in points {
            for figure in [point.accuracy, point.balancedAccuracy, point.logLoss, point.expectedCalibrationError] {
                figures.append(figure.map { Float($0) } ?? -1)
            }
        }
    }

    /// Keeps the first point of every part.
    private mutating func thin(_ stride: Int) {
        var (kept, keptFigures, part) = ([Int](), [Float](), -1)
        for (index, count) in samples.enumerated() where count / stride != part {
            part = count / stride
            kept.append(count)
            keptFigures += figures[(index * Self.figureCount)..<((index + 1) * Self.figureCount)]
        }
        (samples, figures) = (kept, keptFigures)
    }

    /// The number of points.
    public var count: Int { samples.count }

    /// A point: the rows counted until then, and the figures at each balance.
    public subscript(index: Int) -> (samples: Int, points: [BalanceCurve.Point]) {
        func figure(_ place: Int) -> Double? {
            let value = figures[index * Self.figureCount + place]
            return value < 0 ? nil : Double(value)
        }
        let points = BalanceCurve.balances.enumerated().map { place, balance in
            BalanceCurve.Point(
                balance: balance, accuracy: figure(4 * place), balancedAccuracy: figure(4 * place + 1), logLoss: figure(4 * place + 2),
                expectedCalibrationError: figure(4 * place + 3))
        }
        return (samples[index], points)
    }

    // MARK: Saving

    /// Numbers per saved point.
    static let columns = 1 + figureCount

    /// The points as rows of `columns` numbers.
    var saved: [Double] {
        samples.indices.flatMap { index in
            [Double(samples[index])] + figures[(index * Self.figureCount)..<((index + 1) * Self.figureCount)].map(Double.init)
        }
    }

    /// An empty history.
    init() {}

    /// Restores a saved history.
    ///
    /// - Parameter count: the rows counted when it was saved.
    /// - Throws: `RestoreError` if there are too many points, or they are out of order or impossible.
    init(saved: [Double], samples count: Int, part: String) throws(RestoreError) {
        func check(_ condition: Bool, _ index: Int) throws(RestoreError) {
            if !condition { throw .value(part: part, index: index) }
        }
        try check(saved.count % Self.columns == 0 && saved.count / Self.columns <= Self.capacity, saved.count)
        for start in stride(from: 0, to: saved.count, by: Self.columns) {
            // NaN is none of these.
            try check(saved[start] > Double(samples.last ?? 0) && saved[start] <= Double(count), start)
            try check(saved[start] == saved[start].rounded(), start)
            samples.append(Int(saved[start]))
            for place in 0..<Self.figureCount {
                let value = saved[start + 1 + place]
                let highest = place % 4 == 2 ? BalanceCurve.largestLoss : 1
                try check(value == -1 || (0...highest).contains(value), start + 1 + place)
                figures.append(Float(value))
            }
        }
    }
}
