/// Empties a model in one of the possible ways; it then learns and predicts again.
enum ClearStep {
    static func run(_ world: HistoryWorld, _ generator: inout SeededGenerator) throws {
        let candidates = world.oracle.models.filter { !$0.value.classes.isEmpty }.sorted { $0.key < $1.key }
        guard let (name, model) = candidates.randomElement(using: &generator) else { return }
        if Bool.random(using: &generator), model.configuration.imbalance != .none, model.classes.contains(where: { $0.count > 0 }) {
            let rebalance = HistoryRequest("POST", "/v1/models/\(name)/rebalance")
            world.note(rebalance.summary)
            let reply = try world.send(rebalance)
            try demand(reply.status == 200 || !isSolvable(model), "\(rebalance.summary) is answered with \(reply.status): \(reply.text)")
        }
        for label in model.labels.shuffled(using: &generator) { try CallStep.run(DeleteClassCalls.call(name, label), world) }
        if Bool.random(using: &generator) { try world.verify(&generator) }
        var only = world.oracle
        only.models = only.models.filter { $0.key == name }
        if let call = LearnCalls.plan(only, world.data, &generator) { try CallStep.run(CallStep.keyed(call, world, &generator), world) }
    }

    private static func isSolvable(_ model: OracleModel) -> Bool {
        var model = model
        return model.solution().isTold
    }
}
