/// One run of a history.
struct HistoryRun: Sendable {
    /// The finding, if any.
    var failure: String?
    /// Completed steps, including the failed one.
    var steps = 0
    /// Operations that succeeded.
    var covered: Set<String> = []
    /// The requests, in words.
    var log: [String] = []

    /// Runs a history against its own server.
    init(_ history: History) {
        var generator = SeededGenerator(seed: history.seed)
        do {
            let data = HistoryData(&generator)
            let checkpointLog = [1, 4, 64, 4096].randomElement(using: &generator)!
            let server: any HistoryServer =
                switch history.mode {
                case .process: try ProcessServer(checkpointLog: checkpointLog)
                case .faults: try FaultyServer(checkpointLog: checkpointLog)
                }
            let world = try HistoryWorld(server, data)
            do {
                try run(history, world)
                try Self.end(world)
            } catch {
                failure = "\(error)"
            }
            covered = world.covered
            log = world.log
            server.kill()
        } catch {
            failure = "the history could not begin: \(error)"
        }
    }

    private mutating func run(_ history: History, _ world: HistoryWorld) throws {
        for step in history.steps {
            steps += 1
            guard let kind = HistoryStep.named(step.name) else { throw HistoryFailure("there is no step \(step.name)") }
            var generator = SeededGenerator(seed: step.seed ^ history.seed &* 0x9E37_79B9_7F4A_7C15)
            world.note("[\(steps)] \(step.name).\(String(step.seed, radix: 16))")
            try kind.run(world, &generator)
            try world.verify(&generator)
        }
    }

    /// What must hold in the end, whatever the history.
    private static func end(_ world: HistoryWorld) throws {
        if let server = world.server as? ProcessServer {
            world.note("SIGTERM, and verify")
            try server.terminate()
            return try server.verify()
        }
        guard let server = world.server as? FaultyServer else { return }
        for name in world.oracle.models.keys.sorted() {
            let request = HistoryRequest("DELETE", "/v1/models/\(name)")
            world.note(request.summary)
            try demand(try world.send(request).status == 204, "a model could not be deleted")
        }
        try demand(server.holdsNothing, "\(server.reservedBytes) bytes of the budget are held by no model")
    }
}
