/// A model's current snapshot, at once merged into another or restored over it.
enum ShardStep {
    static func run(_ world: HistoryWorld, _ generator: inout SeededGenerator) throws {
        guard let (name, model) = world.oracle.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else { return }
        let bytes = try world.get("/v1/models/\(name)/snapshot").body
        world.note("GET /v1/models/\(name)/snapshot")
        var only = world.oracle
        only.snapshots = [OracleSnapshot(bytes: bytes, state: model)]
        let type: any ChangingOperation.Type = Bool.random(using: &generator) ? MergeCalls.self : RestoreCalls.self
        guard let call = type.plan(only, world.data, &generator) else { return }
        try CallStep.run(CallStep.keyed(call, world, &generator), world)
    }
}
