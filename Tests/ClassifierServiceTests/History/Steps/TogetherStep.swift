import Foundation
import TensorFormats

/// Concurrent learns of one model, some of them twice under their key, while others predict.
enum TogetherStep {
    static func run(_ world: HistoryWorld, _ generator: inout SeededGenerator) throws {
        guard let name = world.oracle.models.keys.sorted().randomElement(using: &generator) else { return }
        world.touched.insert(name)
        let calls = plan(world, name, &generator)
        let predict = HistoryRequest(
            "POST", "/v1/models/\(name)/predict?top=3",
            Bodies.predict([[Double](repeating: 1, count: world.oracle.models[name]!.configuration.dimension)]))
        let infer = HistoryRequest(
            "POST", "/v2/models/\(name)/infer",
            json: InferenceClient.json([[Double](repeating: 1, count: world.oracle.models[name]!.configuration.dimension)]))
        for call in calls { world.note("together: \(call.request.summary)") }
        let requests = calls.flatMap { call in call.request.key == nil ? [call.request] : [call.request, call.request] }
        let asking = [
            predict, infer, HistoryRequest("GET", "/v1/models/\(name)/snapshot"), HistoryRequest("POST", "/v1/models/\(name)/rebalance"),
        ]
        let outcomes = exchange(requests + asking, world)
        for (request, outcome) in zip(requests + asking, outcomes) {
            guard case .success(let reply) = outcome else {
                throw HistoryFailure("no answer to \(request.summary): \(outcome); \(world.server.report)")
            }
            try world.check(request, reply)
        }
        var rest = try outcomes.map { try $0.get() }[...]
        for call in calls {
            let replies = rest.prefix(call.request.key == nil ? 1 : 2)
            rest = rest.dropFirst(replies.count)
            for reply in replies {
                try demand(
                    reply.status == 200 && reply.text == replies.first?.text,
                    "\(call.request.summary) at the same time is answered with \(replies.map(\.text))")
            }
            try CallStep.finish(call, replies.first, world, .amongOthers)
        }
        try world.adopt(name)
    }

    /// Calls that work in any order.
    static func plan(_ world: HistoryWorld, _ name: String, _ generator: inout SeededGenerator) -> [PlannedCall] {
        var only = world.oracle
        only.models = only.models.filter { $0.key == name }
        var calls: [PlannedCall] = []
        // Together at most as many as a model may have.
        var labels = Set(only.models[name]!.labels)
        for _ in 0..<Int.random(in: 2...5, using: &generator) {
            guard var call = LearnCalls.plan(only, world.data, &generator) else { continue }
            var after = only
            guard (try? call.apply(&after, nil, .amongOthers)) != nil else { continue }
            let all = labels.union(after.models[name]!.labels)
            guard all.count <= HistoryData.largestClassCount else { continue }
            labels = all
            if Int.random(in: 0..<3, using: &generator) > 0 { call.request.key = world.makeKey() }
            calls.append(call)
        }
        return calls
    }

    /// Sends requests concurrently, each on its own connection.
    static func exchange(
        _ requests: [HistoryRequest], _ world: HistoryWorld, meanwhile: () -> Void = {}
    ) -> [Result<Reply, any Error>] {
        let outcomes = Collected<(Int, Result<Reply, any Error>)>()
        let group = DispatchGroup()
        let port = world.server.port
        for (index, request) in requests.enumerated() {
            group.enter()
            let thread = Thread {
                let client = TestClient(port: port, patience: HistoryWorld.patience)
                outcomes.append((index, Result { try HistoryWorld.exchange(request, client) }))
                group.leave()
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
        meanwhile()
        group.wait()
        return outcomes.all.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
