import TensorFormats

/// `PATCH …/classes/{label}`.
enum RenameCalls: ChangingOperation {
    static let operations = ["rename_class"]
    static let weight = 3

    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall? {
        let candidates = world.models.filter { !$0.value.classes.isEmpty }.sorted { $0.key < $1.key }
        guard let (name, model) = candidates.randomElement(using: &generator) else { return nil }
        let column = Int.random(in: 0..<model.classes.count, using: &generator)
        let old = model.classes[column].label
        // To itself too.
        let free = HistoryData.labels.filter { $0 == old || model.column(of: $0) == nil }
        guard let new = free.randomElement(using: &generator) else { return nil }
        let request = HistoryRequest("PATCH", "/v1/models/\(name)/classes/\(old.inPath)", HistoryChecks.newLabel(new))
        return PlannedCall(operation: "rename_class", model: name, request: request) { world, reply, manner in
            guard var model = world.models[name], let column = model.column(of: old) else { return }
            let before = model
            model.rename(column, to: new)
            // A rename that changes nothing may still be counted.
            if old == new, let version = reply?["version"].int, (before.version...before.version + 1).contains(version) {
                model.setVersion(version)
            }
            world.models[name] = model
            guard let reply else { return }
            try demand(reply["label"].string.map { LabelBytes($0) } == new, "renamed to \(new), and the answer says \(reply["label"])")
            if manner == .alone { try HistoryChecks.state(reply, model) }
        }
    }

    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall] {
        guard let (name, model) = world.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else { return [] }
        func call(_ path: String, _ json: [UInt8], _ status: Int) -> RefusedCall {
            RefusedCall("rename_class", name, HistoryRequest("PATCH", "/v1/models/\(name)/classes/\(path)", json), status)
        }
        var calls = [call("never%20seen", HistoryChecks.newLabel(LabelBytes("new")), 404)]
        guard let one = model.labels.randomElement(using: &generator) else { return calls }
        for other in model.labels where other != one { calls.append(call(one.inPath, HistoryChecks.newLabel(other), 409)) }
        for json in [
            #"{"label":""}"#, "{}", #"{"label":3}"#, #"{"label":"a\u0000"}"#, "{\"label\":\"\(String(repeating: "x", count: 1025))\"}",
        ] {
            calls.append(call(one.inPath, Array(json.utf8), 400))
        }
        return calls
    }
}
