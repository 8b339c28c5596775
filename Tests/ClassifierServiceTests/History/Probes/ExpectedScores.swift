import Foundation
import TensorFormats

/// The expected scores of a row, for the weights named in an answer.
struct ExpectedScores {
    /// The classes of the weights, in the order of their columns.
    let labels: [LabelBytes]
    /// Whether there may be other classes.
    let isOpen: Bool
    /// Their weights; nil if they do not follow from the rows.
    private var solution: OracleSolution?
    private var discriminant: OracleDiscriminant?
    /// The column in the solution for each of `labels`.
    private let columns: [Int]
    private let model: OracleModel
    /// What a balance adds to the scores, in the order of `labels`; nil if they are as they are.
    private var offsets: [Double]?

    /// Adds what a balance adds: T·(log π′ − log π), from the temperature in the model's details.
    mutating func adjust(balance: Double?, kind: String?, details: JSONValue) throws {
        guard let balance, balance != 0 else { return }
        let calibration = details[kind == "plain" ? "calibration" : "balanced_calibration"]
        guard let temperature = calibration["temperature"].double else {
            // Balanced weights may have been adopted, with the temperature they had before, since the details were read.
            guard kind == "balanced" else { throw HistoryFailure("a balance without a temperature") }
            (solution, discriminant) = (nil, nil)
            return
        }
        var exponent = kind == "plain" ? 1.0 : 0
        if kind == "balanced", case .reweight(let power) = model.configuration.imbalance { exponent = 1 - power }
        let counts = labels.map { label in Double(model.classes.first { $0.label == label }?.count ?? 0) }
        let logarithms = counts.map { $0 > 0 ? exponent * log($0) : -.infinity }
        let highest = logarithms.max() ?? 0
        guard highest > -.infinity else { return }
        let normal = highest + log(logarithms.reduce(0) { $0 + exp($1 - highest) })
        let scale = log(logarithms.reduce(0) { $1 > -.infinity ? $0 + exp((1 - balance) * ($1 - normal)) : $0 })
        let all = logarithms.map { temperature * (-balance * ($0 - normal) - scale) }
        let lowest = zip(all, counts).filter { $1 > 0 }.map(\.0).min() ?? 0
        offsets = zip(all, counts).map { $1 > 0 ? $0 : lowest }
    }

    /// - Parameters:
    ///   - kind: `plain` or `balanced`.
    ///   - version: the state that balanced weights were made from.
    ///   - wish: the requested weights, if any.
    init(_ model: OracleModel, kind: String?, version: Int?, wish: String?) throws {
        var model = model
        if kind == "plain" {
            labels = model.labels
            columns = Array(model.labels.indices)
            isOpen = false
            let known = model.solution()
            solution = known.isTold && !model.isInexact ? known : nil
        } else {
            try demand(
                kind == "balanced" && wish != "plain" && model.configuration.imbalance != .none,
                "the weights are \(kind ?? "nil") where \(wish ?? "nothing") was asked for "
                    + "and imbalance is \(model.configuration.imbalance)")
            guard let version, (model.oldestBalance...max(model.version, model.oldestBalance)).contains(version) else {
                throw HistoryFailure("balanced weights of version \(version ?? -1), expected \(model.oldestBalance)...\(model.version)")
            }
            if let state = model.states[version] {
                let places = Dictionary(uniqueKeysWithValues: state.classes.enumerated().map { ($1.id, $0) })
                let known = model.classes.filter { places[$0.id] != nil }
                labels = known.map(\.label)
                columns = known.map { places[$0.id]! }
                isOpen = false
                try demand(!known.isEmpty, "balanced weights of no class are used")
                let balanced = state.isTold && !model.isInexact ? state.solution() : nil
                solution = balanced.flatMap { $0.isTold ? $0 : nil }
                discriminant = model.isInexact ? nil : state.discriminant()
            } else {
                labels = model.labels
                columns = []
                isOpen = true
                solution = nil
            }
        }
        self.model = model
    }

    /// Whether scores are predictable.
    var isTold: Bool { solution != nil || discriminant != nil }

    /// The scores of a row in the order of `labels`, and how far each may be off.
    func scores(_ x: [Double]) -> [(score: Double, tolerance: Double)] {
        let h = model.mapped(x)
        let spread = spread(x)
        let steps = Double(x.count + h.count + 8) * Double(Float.ulpOfOne)
        var scores: [(score: Double, tolerance: Double)] = []
        if let discriminant {
            let length = OracleModel.length(h)
            let rounding = length > 0 ? steps * max(1, OracleModel.length(spread) / length) : steps
            scores = discriminant.scores(h, columns, rounding: rounding)
        } else if let solution {
            scores = columns.map { Self.product(solution, $0, h, spread, steps) }
        }
        guard let offsets else { return scores }
        return zip(scores, offsets).map { score, offset in
            (score.score + offset, score.tolerance + 4 * Double(Float.ulpOfOne) * (abs(score.score) + abs(offset)))
        }
    }

    /// A row's product with a column of W, and how far it may be off.
    private static func product(
        _ solution: OracleSolution, _ column: Int, _ h: [Double], _ spread: [Double], _ steps: Double
    ) -> (score: Double, tolerance: Double) {
        let weights = solution.weights[column]
        let rounding = steps * zip(weights, spread).reduce(0) { $0 + abs($1.0) * $1.1 }
        // Weights for which Float32 has few digits.
        let underflow = Double(h.count) * 2e-45 * spread.reduce(0, +) + 1e-40
        return (OracleModel.dot(weights, h), rounding + underflow + OracleModel.length(h) * solution.tolerance)
    }

    /// The magnitude that rounding in a row's h is relative to.
    private func spread(_ x: [Double]) -> [Double] {
        model.configuration.spread(x, projection: model.projection)
    }

    /// Fails if a class cannot be the best of a row, or its score is wrong.
    func check(best label: LabelBytes?, score: Double?, _ x: [Double], _ place: String) throws {
        guard let label, let score, score.isFinite else {
            throw HistoryFailure("\(place): label \(label?.description ?? "nil"), score \(score ?? .nan)")
        }
        guard let column = labels.firstIndex(of: label) else { throw HistoryFailure("\(place): \(label) is none of \(labels)") }
        guard isTold else { return }
        let all = scores(x)
        try check(score, all[column], "\(place): the score of \(label)")
        let mine = all[column]
        for other in all where !(other.score - other.tolerance <= mine.score + mine.tolerance) {
            throw HistoryFailure("\(place): \(label) with \(mine.score) is said to be the best, and another has \(other.score)")
        }
    }

    /// Fails if a score is wrong.
    func check(_ score: Double, _ expected: (score: Double, tolerance: Double), _ place: String) throws {
        try demand(
            abs(score - expected.score) <= expected.tolerance,
            "\(place) is \(score), expected \(expected.score) within \(expected.tolerance)")
    }
}
