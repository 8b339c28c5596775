/// A step of a history. It draws its actions from its own seed and the current state, so that it stays meaningful if earlier steps change.
struct HistoryStep: Sendable {
    /// A name without spaces, as in the text of a history.
    let name: String
    /// Its relative frequency.
    let weight: Int
    /// Whether it needs a failing disk.
    var needsFaults = false
    var needsProcess = false
    let run: @Sendable (HistoryWorld, inout SeededGenerator) throws -> Void

    /// All steps: a call of each changing operation, and what can happen to calls.
    static let all: [HistoryStep] =
        ChangingOperations.all.map { type in
            HistoryStep(name: type.operations[0], weight: type.weight) { world, generator in
                try CallStep.run(type, world, &generator)
            }
        } + [
            HistoryStep(name: "refuse", weight: 6, run: RefuseStep.run), HistoryStep(name: "repeat", weight: 6, run: RepeatStep.run),
            HistoryStep(name: "together", weight: 4, run: TogetherStep.run), HistoryStep(name: "lines", weight: 2, run: BadLineStep.run),
            HistoryStep(name: "clear", weight: 2, run: ClearStep.run), HistoryStep(name: "shards", weight: 2, run: ShardStep.run),
            HistoryStep(name: "ridge", weight: 3, run: RidgeStep.run), HistoryStep(name: "stop", weight: 3, run: StopStep.run),
            HistoryStep(name: "kill", weight: 6, needsProcess: true, run: KillStep.run),
            HistoryStep(name: "logged", weight: 5, needsProcess: true, run: LoggedStep.run),
            HistoryStep(name: "fault", weight: 14, needsFaults: true, run: FaultStep.run),
        ]

    static func named(_ name: String) -> HistoryStep? { all.first { $0.name == name } }
}
