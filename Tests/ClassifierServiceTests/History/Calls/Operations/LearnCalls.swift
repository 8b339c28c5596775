import TensorFormats

/// `learn`, in all formats.
enum LearnCalls: ChangingOperation {
    static let operations = ["learn"]
    static let weight = 12
    /// Rows per block of a stream.
    private static let blockRows = 1024

    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall? {
        guard let (name, model) = world.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else { return nil }
        let format = RowBody.allCases.randomElement(using: &generator)!
        let (rows, labels) = rows(model, data, count(model, format, &generator), &generator)
        return call(name, rows, labels, format, isForLater: Int.random(in: 0..<4, using: &generator) == 0, &generator)
    }

    /// A call with these rows.
    static func call(
        _ name: String, _ rows: [[Double]], _ labels: [LabelBytes], _ format: RowBody, isForLater: Bool,
        _ generator: inout SeededGenerator
    ) -> PlannedCall? {
        guard let body = try? format.octets(rows, labels) else { return nil }
        let path = "/v1/models/\(name)/learn" + (isForLater ? "?visible=later" : "")
        var request = HistoryRequest("POST", path, body, contentType: format.contentType)
        // In pieces, which may end anywhere.
        if format == .ndjson || Bool.random(using: &generator) {
            request.cuts = (0..<Int.random(in: 0...4, using: &generator)).map { _ in Int.random(in: 0...body.count, using: &generator) }
        }
        let blocks = format == .ndjson ? (rows.count + blockRows - 1) / blockRows : 1
        return PlannedCall(
            operation: "learn", model: name, request: request, takesKey: true, lines: format == .ndjson ? rows.count : 0
        ) { world, reply, manner in
            guard var model = world.models[name] else { return }
            var new: [LabelBytes] = []
            var (before, served) = (Tally(), Tally())
            for block in 0..<blocks {
                let range = block * blockRows..<min(rows.count, (block + 1) * blockRows)
                let outcome = model.learn(Array(rows[range]), Array(labels[range]))
                new += outcome.new
                before += outcome.before
                served += outcome.served
            }
            world.models[name] = model
            guard let reply else { return }
            try demand(reply["rows"].int == rows.count, "learned \(rows.count) rows, and the answer says \(reply["rows"])")
            try demand(reply["visible"] == (isForLater ? .bool(false) : .null), "\(path) is answered with visible \(reply["visible"])")
            guard manner == .alone else { return }
            try HistoryChecks.state(reply, model)
            let told = (reply["new_classes"].array ?? []).compactMap { $0.string.map { LabelBytes($0) } }
            try demand(told == new, "new_classes is \(told), expected \(new)")
            // A stream's first block may have met an empty model, and the weights of a load may change within a large request.
            let isUnknown = blocks > 1 || isForLater && rows.count > 200
            try demand(
                before.admits(reply["accuracy_before"].double) || isUnknown,
                "accuracy_before is \(reply["accuracy_before"]), expected \(before)")
            try demand(
                served.admits(reply["served_accuracy_before"].double) || isUnknown,
                "served_accuracy_before is \(reply["served_accuracy_before"]), expected \(served)")
        }
    }

    private static func count(_ model: OracleModel, _ format: RowBody, _ generator: inout SeededGenerator) -> Int {
        let isSmall = model.width <= 6 && model.samples < 600
        // The ridge may move between the blocks of one request, which makes its answer unpredictable.
        let isFixed = model.configuration.ridgeMetric == nil
        switch Int.random(in: 0..<60, using: &generator) {
        case 0 where isSmall && isFixed && format == .ndjson: return Int.random(in: 1020...1080, using: &generator)
        case 1 where isSmall, 2 where isSmall: return Int.random(in: 200...330, using: &generator)
        case 3..<10: return Int.random(in: 13...50, using: &generator)
        default: return Int.random(in: 1...12, using: &generator)
        }
    }

    /// Rows to learn, with known and new labels.
    static func rows(
        _ model: OracleModel, _ data: HistoryData, _ count: Int, _ generator: inout SeededGenerator
    ) -> (rows: [[Double]], labels: [LabelBytes]) {
        var choice = model.labels
        for label in HistoryData.labels.shuffled(using: &generator).prefix(Int.random(in: 0...3, using: &generator))
        where choice.count < HistoryData.largestClassCount && !choice.contains(label) { choice.append(label) }
        if choice.isEmpty { choice = [HistoryData.labels.randomElement(using: &generator)!] }
        let labels = (0..<count).map { _ in
            // Some classes have many rows, and some have few.
            choice[min(Int.random(in: 0..<choice.count, using: &generator), Int.random(in: 0..<choice.count, using: &generator))]
        }
        let rows = labels.map { label in
            data.row(model.configuration, label.bytes.reduce(0) { $0 + Int($1) }, &generator)
        }
        return (rows, labels)
    }

    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall] {
        guard let (name, model) = world.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else {
            return [RefusedCall("learn", "", HistoryRequest("POST", "/v1/models/none/learn", Bodies.learn([[1]], ["a"])), 404)]
        }
        return bad(name, model, "learn", data, &generator)
    }

    /// Bodies with wrong rows, for any call.
    static func bad(
        _ name: String, _ model: OracleModel, _ call: String, _ data: HistoryData, _ generator: inout SeededGenerator
    ) -> [RefusedCall] {
        let path = "/v1/models/\(name)/\(call)"
        let row = data.row(model.configuration, 1, &generator)
        let long = row + [1]
        func json(_ text: String) -> HistoryRequest { HistoryRequest("POST", path, json: text) }
        let good = "[" + row.map { "\($0)" }.joined(separator: ",") + "]"
        var calls = [
            RefusedCall(call, name, HistoryRequest("POST", path, Bodies.learn([row, long], ["new", "new"])), 400),
            RefusedCall(call, name, HistoryRequest("POST", path, Bodies.learn([row], ["new", "new"])), 400),
            RefusedCall(call, name, HistoryRequest("POST", path, Bodies.learn([row, row], ["new", ""])), 400),
            RefusedCall(
                call, name, HistoryRequest("POST", path, Bodies.learn([row], [String(repeating: "x", count: 1025)])), 400),
            RefusedCall(call, name, HistoryRequest("POST", path, Bodies.learn([], [])), 400),
            RefusedCall(call, name, json(#"{"features":[\#(good)],"labels":["new"]"#), 400),
            RefusedCall(call, name, json(#"{"features":[\#(good)],"labels":["new"],"more":1}"#), 400),
            RefusedCall(call, name, json(#"{"features":[\#(good)],"labels":[1.5]}"#), 400),
            RefusedCall(call, name, json(#"{"features":[\#(good)],"labels":["a\u0000b"]}"#), 400),
            RefusedCall(
                call, name, json(#"{"features":[["# + row.map { _ in "1e51" }.joined(separator: ",") + #"]],"labels":["new"]}"#), 400),
            RefusedCall(call, name, HistoryRequest("POST", path, ArrayBodies.npy([row]), contentType: "application/x-npy"), 415),
            RefusedCall(call, name, HistoryRequest("POST", path + "?x=1", Bodies.learn([row], ["new"])), 400),
            RefusedCall(call, name, HistoryRequest("POST", path + "?visible=soon", Bodies.learn([row], ["new"])), 400),
            RefusedCall(call, name, HistoryRequest("POST", path, [1, 2, 3], contentType: "application/x-npz"), 400),
            RefusedCall(call, name, HistoryRequest("POST", path, [1, 2, 3], contentType: "application/vnd.safetensors"), 400),
            RefusedCall(call, name, HistoryRequest("POST", path, [], contentType: "application/x-ndjson"), 400),
            RefusedCall(call, "", HistoryRequest("POST", "/v1/models/none/\(call)", Bodies.learn([row], ["a"])), 404),
        ]
        var keyed = HistoryRequest("POST", path, Bodies.learn([row], ["new"]))
        keyed.fields = ["Idempotency-Key: "]
        calls.append(RefusedCall(call, name, keyed, 400))
        return calls
    }
}
