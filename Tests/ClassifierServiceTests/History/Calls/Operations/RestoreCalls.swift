import TensorFormats

/// `PUT …/snapshot`: over a model, or as a new one.
enum RestoreCalls: ChangingOperation {
    static let operations = ["restore_snapshot"]
    static let weight = 4

    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall? {
        guard let snapshot = world.snapshots.randomElement(using: &generator) else { return nil }
        let name = HistoryData.modelNames.randomElement(using: &generator)!
        let request = HistoryRequest("PUT", "/v1/models/\(name)/snapshot", snapshot.bytes)
        return PlannedCall(operation: "restore_snapshot", model: name, request: request) { world, reply, manner in
            let isNew = world.models[name] == nil
            let state = snapshot.state
            var model =
                world.models[name] ?? OracleModel(state.configuration, projection: state.projection, phases: state.phases)
            model.restore(snapshot.state)
            world.models[name] = model
            world.answered[name] = nil
            guard let reply else { return }
            try demand(reply.status == (isNew ? 201 : 200), "a snapshot was restored with status \(reply.status)")
            if manner == .alone { try HistoryChecks.details(reply, model, name) }
        }
    }

    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall] {
        let name = HistoryData.modelNames.randomElement(using: &generator)!
        let path = "/v1/models/\(name)/snapshot"
        var calls = [
            RefusedCall("restore_snapshot", name, HistoryRequest("PUT", path, [1, 2, 3]), 400),
            RefusedCall("restore_snapshot", name, HistoryRequest("PUT", "/v1/models/-/snapshot", [1, 2, 3]), 400),
        ]
        if let snapshot = world.snapshots.randomElement(using: &generator) {
            let damaged = MergeCalls.damaged(snapshot.bytes, &generator)
            calls.append(RefusedCall("restore_snapshot", name, HistoryRequest("PUT", path, damaged), 400))
        }
        return calls
    }
}
