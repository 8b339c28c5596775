import TensorFormats

/// Calls whose outcome may be unknown.
enum InterruptedCalls {
    /// Calls on one model: several under keys, in any order, or a single one of any kind.
    static func plan(_ world: HistoryWorld, _ generator: inout SeededGenerator) -> [PlannedCall] {
        if Bool.random(using: &generator), let name = world.oracle.models.keys.sorted().randomElement(using: &generator) {
            return TogetherStep.plan(world, name, &generator).map { call in
                var call = call
                if call.request.key == nil { call.request.key = world.makeKey() }
                return call
            }
        }
        let types = ChangingOperations.all.filter { $0.weight > 0 }
        for _ in 0..<8 {
            guard let type = types.randomElement(using: &generator), let call = type.plan(world.oracle, world.data, &generator) else {
                continue
            }
            var keyed = CallStep.keyed(call, world, &generator)
            // Without a key some lines may be learned, and it is unknown which.
            if call.lines > 0, keyed.request.key == nil { keyed.request.key = world.makeKey() }
            return [keyed]
        }
        return []
    }

    /// Finds out what was done, and completes the rest if a key allows it.
    ///
    /// - Parameter replies: nil, or an answer that the outcome is unknown, for open calls.
    static func settle(_ calls: [PlannedCall], _ replies: [Reply?], _ world: HistoryWorld) throws {
        var open: [PlannedCall] = []
        for (call, reply) in zip(calls, replies) {
            world.touched.insert(call.model)
            guard let reply, !isUnknown(reply) else {
                open.append(call)
                continue
            }
            try world.check(call.request, reply, mayFail: true)
            if (200..<300).contains(reply.status) {
                try CallStep.finish(call, reply, world, calls.count == 1 ? .alone : .amongOthers)
            } else if reply.status == 500, reply.problemDetail.contains("could not be removed") {
                // It is done; only what it should erase is still there.
                try CallStep.finish(call, nil, world, .amongOthers)
            } else {
                world.note("  answered with \(reply.status) \(reply.problemDetail)")
                try demand(
                    reply.status >= 500 || call.mayBeRefused(world.oracle, reply),
                    "\(call.request.summary) is answered with \(reply.status): \(reply.text.prefix(500))")
            }
        }
        for call in open {
            if call.request.key != nil { try complete(call, world) } else { try find(call, world) }
        }
        for name in Set(calls.map(\.model)) where world.oracle.models[name] != nil { try world.adopt(name) }
    }

    static func isUnknown(_ reply: Reply) -> Bool {
        reply.status >= 500
            && (reply["rows_applied"].int ?? 0 > 0 || reply.problemDetail.contains("unknown")
                || reply.problemDetail.contains("may return"))
    }

    /// Sends a call again under its key, twice: it is applied once.
    private static func complete(_ call: PlannedCall, _ world: HistoryWorld) throws {
        world.note("retried: \(call.request.summary)")
        let reply = try world.send(call.request)
        if call.mayBeRefused(world.oracle, reply) { return }
        try demand(reply.status == 200, "\(call.request.summary) is retried and answered with \(reply.status): \(reply.text.prefix(500))")
        let again = try world.send(call.request)
        try demand(
            RepeatStep.isSame(again, reply), "\(call.request.summary) is retried twice and answered with \(reply.text) and \(again.text)")
        try CallStep.finish(call, reply, world, .amongOthers)
    }

    /// Checks whether a call without a key was applied.
    private static func find(_ call: PlannedCall, _ world: HistoryWorld) throws {
        var after = world.oracle
        try call.apply(&after, nil, .amongOthers)
        let found = try world.send(HistoryRequest("GET", "/v1/models/\(call.model)"))
        let (was, then) = (world.oracle.models[call.model], after.models[call.model])
        let isDone: Bool
        switch (was, then) {
        case (nil, nil): isDone = false
        case (nil, .some): isDone = found.status == 200
        case (.some, nil): isDone = found.status == 404
        case (.some(let was), .some(let new)):
            guard let version = found["version"].int else {
                throw HistoryFailure("after \(call.request.summary) the model is answered with \(found.status): \(found.text.prefix(300))")
            }
            // A change raises the version by one, or by two if it is two changes.
            try demand(
                version == was.version || (was.version...max(new.version, was.version) + 1).contains(version),
                "version \(version) after an interrupted \(call.request.summary) at version \(was.version)")
            isDone = version != was.version
        }
        world.note("  it was \(isDone ? "done" : "not done")")
        if isDone { try CallStep.finish(call, nil, world, .amongOthers) }
    }
}
