import Testing

@testable import ModelHost

/// The order in which stored models predict and learn again.
@Suite struct RecoveryStepTests {
    private typealias Step = RecoveryStep<String>

    private typealias Figures = (name: String, bytes: Int, operations: Double, isStored: Bool)

    private func plan(_ models: [Figures]) -> [String] {
        let costs = Dictionary(
            uniqueKeysWithValues: models.map {
                ($0.name, Step.Cost(bytes: $0.bytes, operations: $0.operations, isStored: $0.isStored))
            })
        return Step.plan(models.map(\.name)) { costs[$0]! }.map { "\($0.work) \($0.element)" }
    }

    @Test func allPredictFirst_thenTheCheapestLearns() {
        let few: Double = Step.fewOperations
        let models: [Figures] = [
            ("large", 1000, few * 1000, true), ("logged", 10, few * 20, false), ("small", 1, few, true), ("medium", 100, few * 10, true),
        ]
        let steps = ["recover small", "publish medium", "publish large", "recover medium", "recover logged", "recover large"]
        #expect(plan(models) == steps)
        #expect(plan([]) == [])
    }

    /// Every model is recovered exactly once.
    @Test func noneIsForgotten() {
        let few = Step.fewOperations
        let models: [Figures] = (0..<64).map { index -> Figures in
            let operations: Double = few * Double(index % 9) / 4
            return ("m\(index)", index * 37 % 64, operations, index % 3 > 0)
        }
        let steps = plan(models)
        for model in models {
            let isPublished = model.operations > few && model.isStored
            #expect(steps.count { $0 == "recover \(model.name)" } == 1)
            #expect(steps.count { $0 == "publish \(model.name)" } == (isPublished ? 1 : 0))
        }
    }
}
