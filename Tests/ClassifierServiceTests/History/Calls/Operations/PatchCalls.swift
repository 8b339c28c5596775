import TensorFormats

/// `PATCH /v1/models/{model}`: the ridge, how it is chosen, the imbalance, the balance, or some of them.
enum PatchCalls: ChangingOperation {
    static let operations = ["change_model"]
    static let weight = 5

    /// What is changed: nil keeps it.
    struct Change {
        var ridge: Double?
        /// What the ridge is chosen by from now on, without `ridge`.
        var ridgeMetric: String?
        var imbalance: OracleConfiguration.Imbalance?
        var balance: Double?

        var json: String {
            let parts = [
                ridge.map { "\"ridge\":\($0)" }, ridgeMetric.map { #""ridge":"auto","auto_metric":"\#($0)""# },
                imbalance.map { "\"imbalance\":\($0.json)" }, balance.map { "\"balance\":\($0)" },
            ]
            return "{" + parts.compactMap { $0 }.joined(separator: ",") + "}"
        }
    }

    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall? {
        guard let (name, model) = world.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else { return nil }
        let canReweigh = model.configuration.sketchRank != .rows(0)
        var change = Change(ridge: HistoryData.ridge(&generator), imbalance: HistoryData.imbalance(canReweigh, &generator))
        if Int.random(in: 0..<3, using: &generator) == 0 { change.balance = HistoryData.balance(&generator) }
        switch Int.random(in: 0..<11, using: &generator) {
        // The log holds a change without the ridge.
        case 0, 5, 6: change.ridge = nil
        case 7, 8: change = Change(balance: HistoryData.balance(&generator))
        case 9, 10: (change.ridge, change.ridgeMetric) = (nil, HistoryData.ridgeMetric(&generator))
        case 1: change.imbalance = nil
        // The current values.
        case 2:
            let current = model.configuration
            change = Change(ridgeMetric: current.ridgeMetric, imbalance: current.imbalance, balance: current.balance)
            if current.ridgeMetric == nil { change.ridge = current.ridge }
        default: break
        }
        // Squares of such rows vanish, so any other ridge would dominate.
        if data.scale(of: model.configuration) == .tiny { (change.ridge, change.ridgeMetric) = (nil, nil) }
        if change.json == "{}" { change.imbalance = OracleConfiguration.Imbalance.none }
        return call(name, change)
    }

    static func call(_ name: String, _ change: Change) -> PlannedCall {
        PlannedCall(
            operation: "change_model", model: name, request: HistoryRequest("PATCH", "/v1/models/\(name)", json: change.json),
            mayBeRefused: { HistoryChecks.isUnsolvable($0, name, $1) }
        ) { world, reply, manner in
            guard var model = world.models[name] else { return }
            let before = model
            model.reconfigure(
                ridge: change.ridge, ridgeMetric: change.ridgeMetric, imbalance: change.imbalance, balance: change.balance)
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

    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall] {
        guard let (name, model) = world.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else { return [] }
        func call(_ json: String, _ status: Int) -> RefusedCall {
            RefusedCall("change_model", name, HistoryRequest("PATCH", "/v1/models/\(name)", json: json), status)
        }
        var calls = [
            call("{}", 400), call(#"{"ridge":0}"#, 400), call(#"{"ridge":-1}"#, 400), call(#"{"ridge":1e999}"#, 400),
            call(#"{"dimension":3}"#, 400), call(#"{"balance":1.5}"#, 400), call(#"{"ridge":7,"balance":-1}"#, 400),
            call(#"{"ridge":"best"}"#, 400), call(#"{"ridge":"auto","auto_metric":"f1"}"#, 400),
            call(#"{"ridge":7,"auto_metric":"accuracy"}"#, 400),
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
