import Testing

@testable import AnalyticLearning

@Suite struct EvaluationHistoryTests {
    /// The measures after each request of a long stream.
    private struct State {
        var evaluated: Int
        var overall: ProgressiveEvaluation.Measures
        var recent: ProgressiveEvaluation.Measures
    }

    /// Requests of 1 to `largest` rows; the accuracy changes.
    private func stream(requests: Int, largest: Int, seed: UInt64 = 4) -> (ProgressiveEvaluation, [State]) {
        var generator = SplitMix64(state: seed)
        var evaluation = ProgressiveEvaluation(window: 100)
        var states: [State] = []
        for request in 0..<requests {
            let columns = (0..<Int.random(in: 1...largest, using: &generator)).map { _ in Int.random(in: 0..<4, using: &generator) }
            let luck = Double(request) / Double(requests)
            let predictions = columns.map { Double.random(in: 0..<1, using: &generator) < luck ? $0 : ($0 + 1) % 4 }
            evaluation.record(predictions: predictions[...], columns: columns[...], knownClasses: 4)
            states.append(State(evaluated: evaluation.evaluatedSamples, overall: evaluation.overall, recent: evaluation.recent))
        }
        return (evaluation, states)
    }

    @Test(arguments: [(3, 1), (511, 1), (512, 1), (513, 1), (5000, 1), (3000, 7), (400, 300), (20_000, 40)])
    func points_areFewEvenlySpreadAndTrue(_ requests: Int, _ largest: Int) throws {
        let (evaluation, states) = stream(requests: requests, largest: largest)
        let points = evaluation.history.points
        #expect(points.count <= EvaluationHistory.capacity)
        let stride = EvaluationHistory.stride(after: evaluation.evaluatedSamples)
        #expect(evaluation.evaluatedSamples / stride < EvaluationHistory.capacity)
        // The first request of every part of the stream, and no other: thinning leaves what was due from the start.
        var expected: [State] = []
        for state in states where expected.isEmpty || state.evaluated / stride > expected.last!.evaluated / stride {
            expected.append(state)
        }
        #expect(points.map(\.evaluated) == expected.map(\.evaluated))
        for (point, state) in zip(points, expected) {
            #expect(abs(point.accuracy - state.overall.accuracy!) <= 5e-10)
            #expect(abs(point.balancedAccuracy - state.overall.balancedAccuracy!) <= 5e-10)
            #expect(abs(point.windowAccuracy - state.recent.accuracy!) <= 5e-10)
            #expect(abs(point.windowBalancedAccuracy - state.recent.balancedAccuracy!) <= 5e-10)
        }
        if requests >= 5000 { #expect(points.count > EvaluationHistory.capacity / 3) }
    }

    @Test func aSavedHistoryGoesOnAsTheFirst() throws {
        var (evaluation, _) = stream(requests: 700, largest: 3)
        var restored = try ProgressiveEvaluation(evaluation.counters)
        #expect(restored.history == evaluation.history)
        for row in 0..<2000 {
            evaluation.record(predictions: [row % 3], columns: [row % 4], knownClasses: 4)
            restored.record(predictions: [row % 3], columns: [row % 4], knownClasses: 4)
        }
        #expect(restored.history == evaluation.history)
    }

    @Test func contradictionsAreRefused() throws {
        let (evaluation, _) = stream(requests: 50, largest: 3)
        let columns = EvaluationHistory.columns
        let changes: [(inout [Int]) -> Void] = [
            { $0.removeLast() }, { $0[0] = 0 }, { $0[columns] = $0[0] }, { $0[$0.count - columns] = .max }, { $0[1] = -1 },
            { $0[2] = EvaluationHistory.unit + 1 }, { $0[4] = .max },
            { $0 = (1...(EvaluationHistory.capacity + 1)).flatMap { [$0, 0, 0, 0, 0] } },
        ]
        for (index, change) in changes.enumerated() {
            var counters = evaluation.counters
            change(&counters.history)
            if index == changes.count - 1 { counters.evaluatedSamples = 1000 }
            #expect(throws: RestoreError.self, "change \(index)") { try ProgressiveEvaluation(counters) }
        }
        var counters = evaluation.counters
        counters.history = []
        #expect(try ProgressiveEvaluation(counters).history.points.isEmpty, "an older snapshot has none")
    }
}
