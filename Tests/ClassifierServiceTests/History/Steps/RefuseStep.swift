import TensorFormats

/// Refused calls of one operation, which change nothing.
enum RefuseStep {
    static func run(_ world: HistoryWorld, _ generator: inout SeededGenerator) throws {
        guard let type = ChangingOperations.all.randomElement(using: &generator) else { return }
        let calls = type.refused(world.oracle, world.data, &generator).shuffled(using: &generator).prefix(6)
        for call in calls {
            world.note(call.request.summary)
            let before = try state(world, call.model)
            let reply = try world.send(call.request)
            try demand(
                call.statuses.contains(reply.status),
                "\(call.request.summary) is answered with \(reply.status), expected \(call.statuses.sorted()): \(reply.text.prefix(500))")
            try demand(
                try state(world, call.model) == before, "\(call.request.summary) was refused with \(reply.status) and changed the state")
            if !call.model.isEmpty { world.touched.insert(call.model) }
        }
    }

    /// Everything in a model's snapshot, except what a background refresh may change meanwhile; nil if there is none.
    static func state(_ world: HistoryWorld, _ name: String) throws -> [String: [UInt8]]? {
        guard world.oracle.models[name] != nil else { return nil }
        let snapshot = try EditedSnapshot(try world.get("/v1/models/\(name)/snapshot").body)
        var state: [String: [UInt8]] = [:]
        for name in snapshot.names where name != "weight.balanced" { state[name] = snapshot[name]?.bytes }
        for entry in snapshot.metadata where !entry.key.contains("balanced") { state["metadata." + entry.key] = Array(entry.value.utf8) }
        return state
    }
}
