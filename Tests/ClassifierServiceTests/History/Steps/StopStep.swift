/// SIGTERM stops the server, which then restarts: nothing is lost.
enum StopStep {
    static func run(_ world: HistoryWorld, _ generator: inout SeededGenerator) throws {
        world.note("SIGTERM")
        try world.server.terminate()
        try world.restart(isClean: true)
    }
}
