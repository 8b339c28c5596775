import TensorFormats

/// `POST …/classes/{label}/merge`: two classes become one.
enum JoinClassCalls: ChangingOperation {
    static let operations = ["join_classes"]
    static let weight = 3

    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall? {
        let candidates = world.models.filter { $0.value.classes.count > 1 }.sorted { $0.key < $1.key }
        guard let (name, model) = candidates.randomElement(using: &generator) else { return nil }
        let labels = model.labels.shuffled(using: &generator)
        return call(name, labels[0], into: labels[1])
    }

    static func call(_ name: String, _ label: LabelBytes, into target: LabelBytes) -> PlannedCall {
        let request = HistoryRequest("POST", "/v1/models/\(name)/classes/\(label.inPath)/merge", HistoryChecks.otherClass(target))
        return PlannedCall(operation: "join_classes", model: name, request: request, takesKey: true) { world, reply, manner in
            guard var model = world.models[name], let column = model.column(of: label), let into = model.column(of: target) else { return }
            let rows = model.joinClass(column, into: into)
            world.models[name] = model
            guard let reply else { return }
            try demand(reply["rows"].int == rows, "\(rows) rows have another label now, the answer says \(reply["rows"])")
            try demand(reply["into"].string.map { LabelBytes($0) } == target, "joined with \(target), and the answer says \(reply["into"])")
            if manner == .alone { try HistoryChecks.state(reply, model) }
        }
    }

    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall] {
        guard let (name, model) = world.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else { return [] }
        func call(_ path: String, _ json: [UInt8], _ status: Int) -> RefusedCall {
            RefusedCall("join_classes", name, HistoryRequest("POST", "/v1/models/\(name)/classes/\(path)/merge", json), status)
        }
        guard let one = model.labels.randomElement(using: &generator) else {
            return [call("never%20seen", HistoryChecks.otherClass(LabelBytes("new")), 404)]
        }
        return [
            call("never%20seen", HistoryChecks.otherClass(one), 404),
            call(one.inPath, HistoryChecks.otherClass(LabelBytes("never seen")), 404),
            call(one.inPath, HistoryChecks.otherClass(one), 409),
        ]
            + [#"{"into":""}"#, "{}", #"{"into":3}"#, #"{"into":["a"]}"#, #"{"into":"a","rows":1}"#].map {
                call(one.inPath, Array($0.utf8), 400)
            }
    }
}
