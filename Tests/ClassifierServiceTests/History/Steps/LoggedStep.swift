/// Changes that only the log holds, among learned rows, and then a kill: a start makes all of them again, in their order.
enum LoggedStep {
    private static let types: [any ChangingOperation.Type] = [
        LearnCalls.self, RenameCalls.self, DeleteClassCalls.self, JoinClassCalls.self, PatchCalls.self,
    ]

    static func run(_ world: HistoryWorld, _ generator: inout SeededGenerator) throws {
        guard let server = world.server as? ProcessServer else { return }
        for _ in 0..<Int.random(in: 2...6, using: &generator) {
            guard let type = types.randomElement(using: &generator) else { continue }
            try CallStep.run(type, world, &generator)
        }
        world.note("SIGKILL")
        server.kill()
        try world.restart(isClean: false)
    }
}
