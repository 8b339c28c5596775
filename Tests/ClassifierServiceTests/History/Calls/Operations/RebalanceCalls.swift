import TensorFormats

/// `rebalance`.
enum RebalanceCalls: ChangingOperation {
    static let operations = ["rebalance"]
    static let weight = 5

    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall? {
        let candidates = world.models.filter { entry in
            entry.value.configuration.imbalance != .none && entry.value.classes.contains { $0.count > 0 }
        }
        guard let (name, _) = candidates.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else { return nil }
        let request = HistoryRequest("POST", "/v1/models/\(name)/rebalance")
        return PlannedCall(
            operation: "rebalance", model: name, request: request, mayBeRefused: { HistoryChecks.isUnsolvable($0, name, $1) }
        ) { world, reply, manner in
            guard let reply, manner == .alone, let model = world.models[name] else { return }
            try demand(
                reply["version"].int == model.version && reply["balanced_version"].int == model.version,
                "rebalanced at version \(model.version), and the answer is \(reply.text)")
        }
    }

    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall] {
        var calls = [RefusedCall("rebalance", "", HistoryRequest("POST", "/v1/models/none/rebalance"), 404)]
        for (name, model) in world.models.sorted(by: { $0.key < $1.key })
        where model.configuration.imbalance == .none || !model.classes.contains(where: { $0.count > 0 }) {
            calls.append(RefusedCall("rebalance", name, HistoryRequest("POST", "/v1/models/\(name)/rebalance"), 409))
        }
        return calls
    }
}
