/// Something that happens in a history. It draws what it does from its own seed and from the state it meets, so that it still means something
/// when the steps before it are others.
struct HistoryStep: Sendable {
    /// A name without spaces, as in the text of a history.
    let name: String
    /// How often it is drawn.
    let weight: Int
    /// The servers that it needs.
    var needsFaults = false
    var needsProcess = false
    let run: @Sendable (HistoryWorld, inout SeededGenerator) throws -> Void

    /// All steps: a call of each operation that changes something, and what happens to calls.
    static let all: [HistoryStep] =
        ChangingOperations.all.map { type in
            HistoryStep(name: type.operations[0], weight: type.weight) { world, generator in
                try CallStep.run(type, world, &generator)
            }
        } + [
            HistoryStep(name: "refuse", weight: 6, run: RefuseStep.run), HistoryStep(name: "repeat", weight: 6, run: RepeatStep.run),
            HistoryStep(name: "together", weight: 4, run: TogetherStep.run), HistoryStep(name: "lines", weight: 2, run: BadLineStep.run),
            HistoryStep(name: "clear", weight: 2, run: ClearStep.run), HistoryStep(name: "shards", weight: 2, run: ShardStep.run),
            HistoryStep(name: "stop", weight: 3, run: StopStep.run),
            HistoryStep(name: "kill", weight: 6, needsProcess: true, run: KillStep.run),
            HistoryStep(name: "fault", weight: 14, needsFaults: true, run: FaultStep.run),
        ]

    static func named(_ name: String) -> HistoryStep? { all.first { $0.name == name } }
}
