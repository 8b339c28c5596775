/// A step in the recovery of stored models.
///
/// First every model predicts, the smallest first; small ones are recovered at once. Then the others are recovered, the cheapest first: a
/// small model does not wait for a large one.
struct RecoveryStep<Element: Sendable>: Sendable {
    enum Work: Sendable {
        /// Publish the stored weights.
        case publish
        /// Compute the state.
        case recover
    }

    /// What recovering a model takes.
    struct Cost: Sendable {
        /// The model's memory: reading it takes as long.
        var bytes: Int
        /// Multiply-adds to compute its state.
        var operations: Double
        /// Whether its stored weights are its newest: nothing was logged after them.
        var isStored: Bool
    }

    let element: Element
    let work: Work

    /// A model that takes no more multiply-adds is recovered at once: a millisecond or two.
    static var fewOperations: Double { 0x1p24 }

    /// The steps for some models, in order.
    static func plan(_ elements: [Element], _ cost: (Element) -> Cost) -> [RecoveryStep] {
        let costs = elements.map { (element: $0, cost: cost($0)) }
        var (first, rest): ([RecoveryStep], [(element: Element, cost: Cost)]) = ([], [])
        for one in costs.sorted(by: { $0.cost.bytes < $1.cost.bytes }) {
            if one.cost.operations <= fewOperations {
                first.append(RecoveryStep(element: one.element, work: .recover))
            } else {
                if one.cost.isStored { first.append(RecoveryStep(element: one.element, work: .publish)) }
                rest.append(one)
            }
        }
        rest.sort { $0.cost.operations < $1.cost.operations }
        return first + rest.map { RecoveryStep(element: $0.element, work: .recover) }
    }
}
