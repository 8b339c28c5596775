import TensorFormats

/// `DELETE …/classes/{label}`: one class.
enum DeleteClassCalls: ChangingOperation {
    static let operations = ["delete_class"]
    static let weight = 4

    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall? {
        let candidates = world.models.filter { !$0.value.classes.isEmpty }.sorted { $0.key < $1.key }
        guard let (name, model) = candidates.randomElement(using: &generator) else { return nil }
        let label = model.labels.randomElement(using: &generator)!
        return call(name, label)
    }

    static func call(_ name: String, _ label: LabelBytes) -> PlannedCall {
        let request = HistoryRequest("DELETE", "/v1/models/\(name)/classes/\(label.inPath)")
        return PlannedCall(operation: "delete_class", model: name, request: request) { world, reply, manner in
            guard var model = world.models[name], let column = model.column(of: label) else { return }
            let rows = model.deleteClass(column)
            world.models[name] = model
            guard let reply else { return }
            try demand(
                reply["rows_of_no_class"].int == rows, "\(rows) rows have no class now, the answer says \(reply["rows_of_no_class"])")
            try demand(reply["label"].string.map { LabelBytes($0) } == label, "deleted \(label), and the answer says \(reply["label"])")
            if manner == .alone { try HistoryChecks.state(reply, model) }
        }
    }

    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall] {
        guard let (name, model) = world.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else { return [] }
        let absent = HistoryData.labels.filter { model.column(of: $0) == nil }
        return absent.prefix(3).map {
            RefusedCall("delete_class", name, HistoryRequest("DELETE", "/v1/models/\(name)/classes/\($0.inPath)"), 404)
        }
    }
}
