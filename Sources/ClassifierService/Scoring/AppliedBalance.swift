internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// The balance of an answer: what is added to its scores, and what its head says about it.
struct AppliedBalance: Sendable {
    /// Nil if the scores stay as they are.
    let adjustment: PriorAdjustment?
    /// What was asked for; nil if the model's default of 0 applies, about which the head says nothing.
    private let wish: BalanceWish?
    /// Whether a temperature is known; without one the scores cannot be adjusted.
    private let isKnown: Bool

    /// - Parameters:
    ///   - wish: what the request asks for; nil for the model's default.
    ///   - model: the model's name.
    /// - Throws: 400 if a prior names a class that the model does not know.
    /// - Complexity: O(1) for a balance that the state has computed already, otherwise O(C).
    init(_ wish: BalanceWish?, _ scorer: Scorer, of model: String) throws(Problem) {
        guard case .shares(let shares) = wish else {
            self.init(wish, scorer)
            return
        }
        let target = PriorTarget.shares(try Self.columns(of: shares, scorer.weights, model))
        self.init(wish: wish, target: target, scorer)
    }

    /// The same for a wish that names no classes.
    init(_ wish: BalanceWish?, _ scorer: Scorer) {
        let standard = scorer.weights.configuration.balance
        let wish = wish ?? (standard == 0 ? nil : .balance(standard))
        switch wish {
        case nil, .shares: self.init(wish: nil, target: nil, scorer)
        case .uniform: self.init(wish: wish, target: .balance(1), scorer)
        case .balance(let balance): self.init(wish: wish, target: .balance(balance), scorer)
        }
    }

    private init(wish: BalanceWish?, target: PriorTarget?, _ scorer: Scorer) {
        self.wish = wish
        isKnown = scorer.calibration != nil
        adjustment = target.flatMap { scorer.weights.adjustment($0, of: scorer.kind) }
    }

    private static func columns(
        of shares: [(label: String, share: Double)], _ weights: PublishedWeights, _ model: String
    ) throws(Problem) -> [PriorTarget.ClassShare] {
        var places: [Label: Int] = [:]
        for (place, entry) in shares.enumerated() {
            if let label = try? Label(entry.label) { places[label] = place }
        }
        var columns = [Int?](repeating: nil, count: shares.count)
        for (column, label) in weights.labels.enumerated() {
            if let place = places[label] { columns[place] = column }
        }
        var known: [PriorTarget.ClassShare] = []
        for (column, entry) in zip(columns, shares) {
            guard let column else {
                throw Problem(
                    .badRequest, "\"prior\" names the class \"\(entry.label.prefix(160))\", which the model \"\(model)\" does not know")
            }
            known.append(PriorTarget.ClassShare(column: column, share: entry.share))
        }
        return known
    }

    /// The cost of the adjustment, and of writing the prior, in multiply-adds.
    func cost(rows: Int) -> Int {
        var cost = 0
        if case .shares(let shares) = wish { cost = AnswerCost.label * shares.count }
        guard let adjustment else { return cost }
        let (sum, overflow) = rows.multipliedReportingOverflow(by: adjustment.offsets.count)
        let (total, overflowing) = sum.addingReportingOverflow(cost)
        return overflow || overflowing ? .max : total
    }

    /// Writes `balance` or `prior`, if the request or the model's setting asks for it; null while no temperature is known.
    func write(to writer: inout JSONWriter) {
        switch wish {
        case nil: return
        case .balance(let balance): writer.member("balance", isKnown ? balance : nil)
        case .uniform:
            writer.member("prior", isKnown ? "uniform" : nil)
        case .shares(let shares):
            writer.key("prior")
            guard isKnown else { return writer.writeNull() }
            writer.beginObject()
            for (label, share) in shares {
                writer.key(label)
                writer.write(share)
            }
            writer.endObject()
        }
    }

    /// The same in the parameters of an inference, which are never null: there is none while no temperature is known.
    func writeParameter(to writer: inout JSONWriter) {
        if isKnown, case .balance(let balance) = wish { writer.member("balance", balance) }
    }
}
