import TensorFormats

/// NDJSON with an invalid line: the lines before it stay learned, and the answer says how many.
enum BadLineStep {
    static func run(_ world: HistoryWorld, _ generator: inout SeededGenerator) throws {
        guard let (name, before) = world.oracle.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else { return }
        world.touched.insert(name)
        let (rows, labels) = LearnCalls.rows(before, world.data, Int.random(in: 1...8, using: &generator), &generator)
        let bad = Int.random(in: 0..<rows.count, using: &generator)
        let lines = try RowBody.ndjson.octets(rows, labels).split(separator: 10).map { Array($0) + [10] }
        let wrong = [#"{"features":[],"label":"x"}"#, "{", #"{"label":"x"}"#, #"{"features":["a"],"label":"x"}"#].randomElement(
            using: &generator)!
        let body = Array(lines[..<bad].joined()) + Array(wrong.utf8) + [10] + Array(lines[bad...].joined())
        let request = HistoryRequest("POST", "/v1/models/\(name)/learn", body, contentType: "application/x-ndjson")
        world.note(request.summary)
        let reply = try world.send(request)
        guard reply.status == 400, let applied = reply["rows_applied"].int, (0...bad).contains(applied) else {
            throw HistoryFailure("\(request.summary) with a bad line \(bad + 1) is answered with \(reply.status) \(reply.text)")
        }
        guard applied > 0 else { return }
        world.oracle.models[name]?.learn(Array(rows[..<applied]), Array(labels[..<applied]))
    }
}
