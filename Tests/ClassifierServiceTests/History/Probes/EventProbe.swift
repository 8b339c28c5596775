import TensorFormats

/// The first event of a stream, which describes the model.
enum EventProbe: ModelProbe {
    static let operations = ["events"]

    static func check(_ world: HistoryWorld, _ name: String, _ generator: inout SeededGenerator) throws {
        guard let model = world.oracle.models[name] else { return }
        let client = world.makeClient()
        let request = HistoryRequest("GET", "/v1/models/\(name)/events")
        let head = try HistoryWorld.exchange(request, client)
        try demand(head.status == 200, "the events are answered with \(head.status)")
        world.cover("events")
        var text = ""
        while !text.contains("\n\n") {
            guard let chunk = try client.readChunk() else { throw HistoryFailure("the events end with \(text)") }
            text += String(decoding: chunk, as: UTF8.self)
        }
        let line = text.split(separator: "\n").first { $0.hasPrefix("data: ") } ?? ""
        let data = try JSONValue(parsing: String(line.dropFirst(6)))
        try demand(
            data["version"].int == model.version && data["samples"].int == model.samples && data["classes"].int == model.classes.count,
            "the first event is \(text), expected version \(model.version), \(model.samples) samples, \(model.classes.count) classes")
    }
}
