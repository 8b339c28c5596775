import TensorFormats

/// `PUT /v1/models/{model}`.
enum CreateCalls: ChangingOperation {
    static let operations = ["create_model"]
    static let weight = 3

    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall? {
        let name = HistoryData.modelNames.randomElement(using: &generator)!
        let isNew = world.models[name] == nil
        let configuration = world.models[name]?.configuration ?? data.kinds.randomElement(using: &generator)!.configuration
        let request = HistoryRequest("PUT", "/v1/models/\(name)", json: configuration.json)
        return PlannedCall(operation: "create_model", model: name, request: request) { world, reply, manner in
            // The projection is read from the service once the model exists.
            if isNew { world.models[name] = OracleModel(configuration, projection: []) }
            guard let reply else { return }
            try demand(reply.status == (isNew ? 201 : 200), "a model was made with status \(reply.status)")
            if manner == .alone { try HistoryChecks.details(reply, world.models[name]!, name) }
        }
    }

    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall] {
        let free = HistoryData.modelNames.first { world.models[$0] == nil } ?? "e"
        func call(_ name: String, _ json: String, _ status: Int) -> RefusedCall {
            RefusedCall(
                "create_model", world.models[name] == nil ? "" : name, HistoryRequest("PUT", "/v1/models/\(name)", json: json), status)
        }
        var calls = [
            call(free, #"{"dimension":0}"#, 400), call(free, #"{"dimension":2,"ridge":0}"#, 400),
            call(free, #"{"dimension":2,"x":1}"#, 400),
            call(free, "{}", 400), call(free, #"{"dimension":2,"imbalance":{"kind":"reweight"},"sketch_rank":0}"#, 400),
            call(free, #"{"dimension":2,"imbalance":{"kind":"pseudo_features","power":1}}"#, 400), call("-", #"{"dimension":2}"#, 400),
            call(free, #"{"dimension":1000000}"#, 422),
            call(free, #"{"dimension":2,"feature_map":{"kind":"random","width":4}}"#, 400),
            call(free, #"{"dimension":2,"feature_map":{"kind":"random","activation":"relu","width":4,"scale":"auto"}}"#, 400),
        ]
        if let (name, model) = world.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) {
            var other = model.configuration
            (other.ridge, other.ridgeMetric) = (2 * other.ridge, nil)
            calls.append(call(name, other.json, 409))
        }
        return calls
    }
}
