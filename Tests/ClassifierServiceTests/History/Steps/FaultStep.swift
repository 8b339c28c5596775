import Glibc
import StorageTestSupport

/// A call while the disk fails: it is done, or not done, or unknown until the next start; learning continues if it can.
enum FaultStep {
    static func run(_ world: HistoryWorld, _ generator: inout SeededGenerator) throws {
        guard let server = world.server as? FaultyServer else { return }
        let calls = Array(InterruptedCalls.plan(world, &generator).prefix(Bool.random(using: &generator) ? 1 : 5))
        let operation = FaultyFileSystem.Operation.allCases.randomElement(using: &generator)!
        let fault = [FaultyFileSystem.Fault.error(EIO), .error(ENOSPC), .shortThenFull, .short, .error(EINTR)].randomElement(
            using: &generator)!
        let index = Int.random(in: 0..<6, using: &generator)
        let isLasting = Int.random(in: 0..<4, using: &generator) == 0
        world.note("\(operation) \(index) fails with \(fault)\(isLasting ? " and so on" : "")")
        for call in calls { world.note("faulty: \(call.request.summary)") }
        let before = world.oracle
        server.disk.fail(operation, index, fault, isLasting: isLasting && fault != .error(EINTR))
        let outcomes = TogetherStep.exchange(calls.map(\.request), world)
        server.disk.heal()
        var replies: [Reply?] = []
        for (call, outcome) in zip(calls, outcomes) {
            guard case .success(let reply) = outcome else { throw HistoryFailure("no answer to \(call.request.summary): \(outcome)") }
            world.note("  answered with \(reply.status) \(reply.problemDetail.prefix(200))")
            replies.append(reply)
        }
        let isStopped = try world.send(HistoryRequest("GET", "/readyz"), mayFail: true).status != 200
        // The existing state is shown, even by a model that has stopped.
        try predict(before, calls, world)
        let mayBeBack = replies.contains { $0?.problemDetail.contains("may return") ?? false }
        if isStopped || mayBeBack {
            // What is on disk counts.
            world.note("restart after a fault")
            try world.server.terminate()
            try world.restart(isClean: false, except: Set(calls.map(\.model)))
        }
        try InterruptedCalls.settle(calls, replies, world)
    }

    private static func predict(_ before: OracleWorld, _ calls: [PlannedCall], _ world: HistoryWorld) throws {
        for name in Set(calls.map(\.model)) {
            guard let model = before.models[name], !model.classes.isEmpty, !calls.contains(where: { $0.operation != "learn" }) else {
                continue
            }
            let row = [Double](repeating: 1, count: model.configuration.dimension)
            let reply = try world.send(HistoryRequest("POST", "/v1/models/\(name)/predict", Bodies.predict([row])), mayFail: true)
            try demand(reply.status == 200, "while the disk fails a prediction is answered with \(reply.status): \(reply.text.prefix(300))")
        }
    }
}
