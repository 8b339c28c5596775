/// The server ends as it is told to by SIGTERM, and starts again: nothing is lost.
enum StopStep {
    static func run(_ world: HistoryWorld, _ generator: inout SeededGenerator) throws {
        world.note("SIGTERM")
        try world.server.terminate()
        try world.restart(isClean: true)
    }
}
