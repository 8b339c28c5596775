/// One call that shall succeed, with or without a key.
enum CallStep {
    static func run(_ type: any ChangingOperation.Type, _ world: HistoryWorld, _ generator: inout SeededGenerator) throws {
        guard let call = type.plan(world.oracle, world.data, &generator) else { return }
        try run(keyed(call, world, &generator), world)
    }

    /// Gives a call a key in two of three cases.
    static func keyed(_ call: PlannedCall, _ world: HistoryWorld, _ generator: inout SeededGenerator) -> PlannedCall {
        guard call.takesKey, Int.random(in: 0..<3, using: &generator) > 0 else { return call }
        var call = call
        call.request.key = world.makeKey()
        return call
    }

    /// Makes a call, and applies it to the oracle.
    static func run(_ call: PlannedCall, _ world: HistoryWorld) throws {
        world.note(call.request.summary)
        world.touched.insert(call.model)
        let reply = try world.send(call.request)
        if call.mayBeRefused(world.oracle, reply) { return world.note("  refused: \(reply.problemDetail)") }
        try demand(
            (200..<300).contains(reply.status), "\(call.request.summary) is answered with \(reply.status): \(reply.text.prefix(500))")
        try finish(call, reply, world, .alone)
        if call.operation == "learn" { try world.followRidge(call.model) }
    }

    /// Applies an answered call to the oracle.
    static func finish(_ call: PlannedCall, _ reply: Reply?, _ world: HistoryWorld, _ manner: PlannedCall.Manner) throws {
        do {
            try call.apply(&world.oracle, reply, manner)
        } catch let failure as HistoryFailure {
            throw HistoryFailure("\(call.request.summary): \(failure) in \(reply?.text.prefix(600) ?? "no answer")")
        }
        try world.completeModels()
        guard let reply, call.request.key != nil else { return }
        let answered = AnsweredCall(operation: call.operation, request: call.request, reply: reply, lines: call.lines)
        world.oracle.answered[call.model, default: []].append(answered)
    }
}
