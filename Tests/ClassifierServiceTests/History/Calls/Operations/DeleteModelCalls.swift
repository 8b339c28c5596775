import TensorFormats

/// `DELETE /v1/models/{model}`.
enum DeleteModelCalls: ChangingOperation {
    static let operations = ["delete_model"]
    static let weight = 1

    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall? {
        guard let name = world.models.keys.sorted().randomElement(using: &generator) else { return nil }
        return PlannedCall(operation: "delete_model", model: name, request: HistoryRequest("DELETE", "/v1/models/\(name)")) {
            world, reply, _ in
            world.models[name] = nil
            world.answered[name] = nil
            if let reply { try demand(reply.status == 204, "a model was deleted with status \(reply.status)") }
        }
    }

    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall] {
        [
            RefusedCall("delete_model", "", HistoryRequest("DELETE", "/v1/models/none"), 404),
            RefusedCall("delete_model", "", HistoryRequest("DELETE", "/v1/models/-"), 400, 404),
        ]
    }
}
