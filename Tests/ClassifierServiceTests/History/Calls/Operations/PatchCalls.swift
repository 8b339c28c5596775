import TensorFormats

/// `PATCH /v1/models/{model}`: the ridge, the imbalance, the balance, or some of them.
enum PatchCalls: ChangingOperation {
    static let operations = ["change_model"]
    static let weight = 5

    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall? {
        guard let (name, model) = world.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else { return nil }
        let canReweigh = model.configuration.sketchRank != .rows(0)
        var ridge: Double? = HistoryData.ridge(&generator)
        var imbalance: OracleConfiguration.Imbalance? = HistoryData.imbalance(canReweigh, &generator)
        var balance: Double? = Int.random(in: 0..<3, using: &generator) == 0 ? HistoryData.balance(&generator) : nil
        switch Int.random(in: 0..<9, using: &generator) {
        // The log holds a change without the ridge.
        case 0, 5, 6: ridge = nil
        case 7, 8: (ridge, imbalance, balance) = (nil, nil, HistoryData.balance(&generator))
        case 1: imbalance = nil
        // The current values.
        case 2: (ridge, imbalance, balance) = (model.configuration.ridge, model.configuration.imbalance, model.configuration.balance)
        default: break
        }
        // Squares of such rows vanish, so any other ridge would dominate.
        if data.scale(of: model.configuration) == .tiny { ridge = nil }
        if ridge == nil, imbalance == nil, balance == nil { imbalance = OracleConfiguration.Imbalance.none }
        let (newRidge, newImbalance, newBalance) = (ridge, imbalance, balance)
        let request = HistoryRequest("PATCH", "/v1/models/\(name)", json: json(ridge, imbalance, balance))
        return PlannedCall(
            operation: "change_model", model: name, request: request, mayBeRefused: { HistoryChecks.isUnsolvable($0, name, $1) }
        ) { world, reply, manner in
            guard var model = world.models[name] else { return }
            let before = model
            model.reconfigure(ridge: newRidge, imbalance: newImbalance, balance: newBalance)
            if model.configuration == before.configuration { model = before }
            // Both count as a change each; setting the current values may count as none.
            if let version = reply?["version"].int {
                let isChanged = model.configuration != before.configuration
                try demand(
                    (before.version + (isChanged ? 1 : 0)...before.version + 2).contains(version) || manner != .alone,
                    "version \(version) after a change of version \(before.version)")
                model.setVersion(version)
                if model.configuration.imbalance != before.configuration.imbalance { model.oldestBalance = version }
            }
            world.models[name] = model
            if let reply, manner == .alone { try HistoryChecks.details(reply, model, name) }
        }
    }

    private static func json(_ ridge: Double?, _ imbalance: OracleConfiguration.Imbalance?, _ balance: Double?) -> String {
        let parts = [
            ridge.map { "\"ridge\":\($0)" }, imbalance.map { "\"imbalance\":\($0.json)" }, balance.map { "\"balance\":\($0)" },
        ]
        return "{" + parts.compactMap { $0 }.joined(separator: ",") + "}"
    }

    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall] {
        guard let (name, model) = world.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else { return [] }
        func call(_ json: String, _ status: Int) -> RefusedCall {
            RefusedCall("change_model", name, HistoryRequest("PATCH", "/v1/models/\(name)", json: json), status)
        }
        var calls = [
            call("{}", 400), call(#"{"ridge":0}"#, 400), call(#"{"ridge":-1}"#, 400), call(#"{"ridge":1e999}"#, 400),
            call(#"{"dimension":3}"#, 400), call(#"{"balance":1.5}"#, 400), call(#"{"ridge":7,"balance":-1}"#, 400),
            call(#"{"ridge":7,"imbalance":{"kind":"other"}}"#, 400),
            call(#"{"ridge":7,"imbalance":{"kind":"pseudo_features","noise":-1}}"#, 400),
            // Refused for models without sketches.
            RefusedCall(
                "change_model", name,
                HistoryRequest("PATCH", "/v1/models/\(name)", json: #"{"ridge":7,"imbalance":{"kind":"reweight","power":9}}"#), 400, 409),
            RefusedCall("change_model", "", HistoryRequest("PATCH", "/v1/models/none", json: #"{"ridge":1}"#), 404),
        ]
        if model.configuration.sketchRank == .rows(0) { calls.append(call(#"{"ridge":7,"imbalance":{"kind":"reweight"}}"#, 409)) }
        return calls
    }
}
