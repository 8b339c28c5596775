import TensorFormats

/// `merge` of snapshots taken earlier.
enum MergeCalls: ChangingOperation {
    static let operations = ["merge"]
    static let weight = 4

    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall? {
        guard let (name, model) = world.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else { return nil }
        let fitting = world.snapshots.filter { snapshot in
            snapshot.state.configuration.canMerge(model.configuration) && snapshot.state.samples + model.samples < 1200
                && Set(snapshot.state.labels + model.labels).count <= HistoryData.largestClassCount
        }
        guard let snapshot = fitting.randomElement(using: &generator) else { return nil }
        let request = HistoryRequest(
            "POST", "/v1/models/\(name)/merge", snapshot.bytes, contentType: "application/vnd.safetensors")
        return PlannedCall(operation: "merge", model: name, request: request, takesKey: true) { world, reply, manner in
            guard var model = world.models[name] else { return }
            let new = model.merge(snapshot.state)
            world.models[name] = model
            guard let reply else { return }
            try demand(
                reply["rows"].int == snapshot.state.samples, "merged \(snapshot.state.samples) rows, the answer says \(reply["rows"])")
            guard manner == .alone else { return }
            try HistoryChecks.state(reply, model)
            let told = (reply["new_classes"].array ?? []).compactMap { $0.string.map { LabelBytes($0) } }
            try demand(told == new, "new_classes is \(told), expected \(new)")
        }
    }

    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall] {
        guard let (name, model) = world.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else { return [] }
        let path = "/v1/models/\(name)/merge"
        var calls = [RefusedCall("merge", name, HistoryRequest("POST", path, [1, 2, 3]), 400)]
        for snapshot in world.snapshots where !snapshot.state.configuration.canMerge(model.configuration) {
            calls.append(RefusedCall("merge", name, HistoryRequest("POST", path, snapshot.bytes), 409))
        }
        if let snapshot = world.snapshots.randomElement(using: &generator) {
            calls.append(RefusedCall("merge", name, HistoryRequest("POST", path, damaged(snapshot.bytes, &generator)), 400, 409))
            calls.append(RefusedCall("merge", "", HistoryRequest("POST", "/v1/models/none/merge", snapshot.bytes), 404))
        }
        return calls
    }

    /// A snapshot with one flipped bit, or cut short.
    static func damaged(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        if Bool.random(using: &generator) { return Array(bytes.dropLast(Int.random(in: 1..<bytes.count, using: &generator))) }
        var bytes = bytes
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        return bytes
    }
}
