import Foundation

/// The server is killed during calls, and restarts. Answered calls are there; unanswered ones are there completely or not at all, and are
/// applied once with their key.
enum KillStep {
    static func run(_ world: HistoryWorld, _ generator: inout SeededGenerator) throws {
        guard let server = world.server as? ProcessServer else { return }
        let calls = InterruptedCalls.plan(world, &generator)
        for call in calls { world.note("interrupted: \(call.request.summary)") }
        let delay = [0, 0, 500, 2000, 5000, 20_000].randomElement(using: &generator)!
        world.note("SIGKILL after \(delay) µs")
        let outcomes = TogetherStep.exchange(calls.map(\.request), world) {
            usleep(UInt32(delay))
            server.kill()
        }
        try world.restart(isClean: false, except: Set(calls.map(\.model)))
        try InterruptedCalls.settle(calls, outcomes.map { try? $0.get() }, world)
    }
}
