import AnalyticLearning
import Concurrency
import TensorFormats
import Testing

@testable import ModelHost

/// What may wait for a model's worker, without one.
@Suite struct ModelQueueTests {
    private func rows(_ values: [Double], _ labels: [String] = []) -> LearnRows {
        LearnRows(features: values, labels: PackedStrings(labels), dimension: 10)
    }

    @Test func everyJobStatesItsBytesAndItsLane() throws {
        let rows = rows([1, 2], ["abc"])
        for job in [Job.learn(LearnJob(rows, Completion { _ in })), .unlearn(rows, nil, Completion { _ in })] {
            #expect(job.bytes == 2 * 8 + 3 + 8 && job.lane == .writing)
        }
        let leverage = Job.measure(LeverageJob(features: [1, 2], dimension: 2, Completion { _ in }))
        #expect(leverage.bytes == 16 && leverage.lane == .reading)
        #expect(Job.snapshot(.all, Completion { _ in }).lane == .reading)
        #expect(Job.snapshotSize(.all, Completion { _ in }).lane == .reading)
        #expect(Job.describe(Completion { _ in }, isNew: false).lane == .reading)
        #expect(Job.describe(Completion { _ in }, isNew: true).lane == .writing)
    }

    private func bounded() -> Model {
        var limits = HostLimits()
        limits.queuedBytes = 1000
        return Model(name: "m", configuration: ModelConfiguration(dimension: 10), limits: limits)
    }

    @Test func rowsThatWaitAreBoundedInBytes() throws {
        let model = bounded()
        func learn(_ values: Int) throws(ModelError) {
            try model.enqueue(.learn(LearnJob(rows([Double](repeating: 0, count: values)), Completion { _ in })))
        }
        // One request of any size, then as many as fit.
        try learn(1000)
        #expect(throws: ModelError.self) { try learn(1) }
        _ = model.queue.take()
        try learn(50)
        try learn(75)
        #expect(throws: ModelError.self) { try learn(1) }
        #expect(model.queue.count == 2)
    }

    @Test func rowsToBeMeasuredAreBoundedInBytes() throws {
        let model = bounded()
        func measure(_ values: Int) throws(ModelError) {
            try model.enqueue(
                .measure(LeverageJob(features: [Double](repeating: 0, count: values), dimension: 10, Completion { _ in })))
        }
        try measure(50)
        try measure(75)
        #expect(throws: ModelError.self) { try measure(1) }
        #expect(model.queue.count == 2)
        #expect(model.queue.close().count == 2)
    }

    @Test func model_refusesCallsWhileItIsRecovered() throws {
        let model = Model(name: "m", configuration: ModelConfiguration(dimension: 1), limits: HostLimits(), condition: .recovering)
        let outcome = RefreshOutcome(weights: nil, failure: nil, duration: 0)
        let error = #expect(throws: ModelError.self) { try model.enqueue(.adopt(outcome)) }
        #expect(error?.kind == .unavailable && error?.retryAfter != nil)
        #expect(throws: ModelError.self) { try model.publishedWeights() }
        #expect(model.queue.count == 0)
        model.condition = .lost("the reason")
        #expect(#expect(throws: ModelError.self) { try model.publishedWeights() }?.detail.contains("the reason") == true)
    }
}
