import TensorFormats

/// Requests under used keys: the same ones, which change nothing and get the first answer, and different ones, which are refused.
enum RepeatStep {
    static func run(_ world: HistoryWorld, _ generator: inout SeededGenerator) throws {
        let names = world.oracle.answered.filter { !$0.value.isEmpty }.keys.sorted()
        guard let name = names.randomElement(using: &generator), world.oracle.models[name] != nil,
            let call = world.oracle.answered[name]?.randomElement(using: &generator)
        else { return }
        world.touched.insert(name)
        let before = try RefuseStep.state(world, name)
        world.note("again: \(call.request.summary)")
        let again = try world.send(call.request)
        try demand(
            again.status == 200 && isSame(again, call.reply),
            "\(call.request.summary) is sent again and answered with \(again.status) \(again.text), first with \(call.reply.text)")
        try demand(try RefuseStep.state(world, name) == before, "\(call.request.summary) was sent again and changed the state")
        for other in others(than: call, &generator) {
            world.note("other under the same key: \(other.summary)")
            let reply = try world.send(other)
            try demand(
                reply.status == 422,
                "the key of \(call.request.summary) is used for \(other.summary) and answered with \(reply.status) \(reply.text)")
            try demand(try RefuseStep.state(world, name) == before, "\(other.summary) was refused and changed the state")
        }
    }

    /// Whether an answer equals the first one; after a crash it may lack what only memory held.
    static func isSame(_ one: Reply, _ other: Reply) -> Bool {
        one.text == other.text
            || one["accuracy_before"] == .null
                && one.text == other.text.replacing(/accuracy_before":[0-9.e-]+/, with: "accuracy_before\":null")
    }

    /// Different bodies: a prefix of this one, this one with an addition, and that of another call.
    private static func others(than call: AnsweredCall, _ generator: inout SeededGenerator) -> [HistoryRequest] {
        var others: [HistoryRequest] = []
        if call.lines > 0, let body = call.request.body {
            let lines = body.split(separator: 10).map { Array($0) + [10] }
            var longer = call.request
            longer.body = body + lines[0]
            longer.cuts = nil
            others.append(longer)
            if lines.count > 1 {
                var shorter = longer
                shorter.body = Array(lines.dropLast(Int.random(in: 1..<lines.count, using: &generator)).joined())
                others.append(shorter)
            }
        }
        if call.operation == "learn" {
            var unlearn = call.request
            // Only a learn may be visible later.
            unlearn.path = unlearn.path.replacing("/learn", with: "/unlearn").replacing("?visible=later", with: "")
            unlearn.cuts = nil
            others.append(unlearn)
        }
        return others
    }
}
