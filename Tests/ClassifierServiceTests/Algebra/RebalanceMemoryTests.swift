import AnalyticLearning
import Concurrency
import Dispatch
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// A requested refresh during one in the background: never more than one square besides the model's own.
@Suite struct RebalanceMemoryTests {
    private static let dimension = 32
    private static let configuration = #"{"dimension":32,"imbalance":{"kind":"pseudo_features","cap":0}}"#

    /// A service with room for one model and one refresh of it, not for two.
    private func service() throws -> (service: TestService, modelBytes: Int, jobBytes: Int) {
        let configuration = try ModelConfiguration(
            dimension: Self.dimension, imbalance: .pseudoFeatures(noise: 1, cap: 0, seed: 0))
        let model = try #require(configuration.estimatedBytes(classes: 2))
        let job = try #require(configuration.estimatedBalanceBytes(classes: 2))
        return (try TestService { $0.host.maximumMemory = model + job + job / 2 }, model, job)
    }

    private func rows(_ count: Int) -> (features: [[Double]], labels: [String]) {
        ((0..<count).map { row in (0..<Self.dimension).map { $0 == row % 2 ? 1 : 0 } }, (0..<count).map { $0 % 3 == 0 ? "a" : "b" })
    }

    @Test func aRefreshThatHasNotBegun_isTakenBackAndItsMemoryUsed() throws {
        let (service, modelBytes, jobBytes) = try service()
        // The only thread for refreshes is busy with something else.
        let gate = DispatchSemaphore(value: 0)
        defer { gate.signal() }
        #expect(service.service.registry.context.balancePool.run(.writing) { gate.wait() })
        let model = ModelClient(service)
        try model.create(Self.configuration)
        let (features, labels) = rows(9)
        try model.learn(features, labels)
        #expect(service.wait { service.reservedBytes == modelBytes + jobBytes })
        let reply = try model.client.send("POST", model.path + "/rebalance")
        #expect(reply.status == 200 && reply["balanced_version"].int == 1, "\(reply.text)")
        #expect(service.wait { service.reservedBytes == modelBytes })
        #expect(try model.client.send("DELETE", model.path).status == 204)
        #expect(service.reservedBytes == 0)
    }

    @Test func aRefreshThatRuns_isCalledOffAndWaitedFor() throws {
        let (service, modelBytes, jobBytes) = try service()
        let origin = ModelClient(service, "origin")
        try origin.create(Self.configuration)
        let (features, labels) = rows(9)
        try origin.learn(features, labels)
        var snapshot = try EditedSnapshot(try origin.snapshot().body)
        #expect(try origin.client.send("DELETE", origin.path).status == 204)
        // A million draws keep a refresh busy for a while, unless it is cancelled.
        snapshot.setMetadata("samples", "1000000000000")
        snapshot.set("class.count", 1, to: Int64(999_999_999_000))
        snapshot["weight.balanced"] = nil
        snapshot.setMetadata("balanced_version", nil)
        let model = ModelClient(service)
        #expect(try model.restore(try snapshot.encoded()).status == 201)
        #expect(service.wait { service.reservedBytes == modelBytes + jobBytes })
        let patch = try model.client.send("PATCH", model.path, #"{"imbalance":{"kind":"pseudo_features","cap":4}}"#)
        #expect(patch.status == 200, "\(patch.text)")
        let reply = try model.client.send("POST", model.path + "/rebalance")
        #expect(reply.status == 200 && reply["balanced_version"].int == patch["version"].int, "\(reply.text)")
        // The thread is free again: refreshes in the background continue.
        let learned = try model.learn(features, labels)["version"].int
        var balanced: Int?
        #expect(
            service.wait {
                balanced = (try? model.predict([features[0]]))?["balanced_version"].int
                return balanced == learned
            })
        #expect(service.wait { service.reservedBytes == modelBytes })
    }

    @Test func aModelThatIsDeleted_leavesNoRefreshBehind() throws {
        let (service, modelBytes, jobBytes) = try service()
        let gate = DispatchSemaphore(value: 0)
        defer { gate.signal() }
        #expect(service.service.registry.context.balancePool.run(.writing) { gate.wait() })
        let model = ModelClient(service)
        try model.create(Self.configuration)
        let (features, labels) = rows(3)
        try model.learn(features, labels)
        #expect(service.wait { service.reservedBytes == modelBytes + jobBytes })
        #expect(try model.client.send("DELETE", model.path).status == 204)
        #expect(service.wait { service.reservedBytes == 0 })
    }

    /// A restored state is independent of the previous one, whose weights may still be on their way.
    @Test func aRefreshOfTheStateBefore_isNotTakenForOneOfTheRestoredState() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(Self.configuration)
        let (features, labels) = rows(9)
        try model.learn(features, labels)
        let snapshot = try EditedSnapshot(try model.snapshot().body)
        try model.delete()
        let gate = DispatchSemaphore(value: 0)
        #expect(service.service.registry.context.balancePool.run(.writing) { gate.wait() })
        try model.create(Self.configuration)
        let before = service.reservedBytes
        try model.learn(features.map { $0.map { -$0 } }, labels)
        #expect(service.wait { service.reservedBytes > before })
        let restored = try model.restore(try snapshot.encoded())
        #expect(restored.status == 200)
        gate.signal()
        var versions: Set<Int?> = []
        #expect(
            service.wait {
                versions.insert((try? model.predict([features[0]]))?["balanced_version"].int)
                return versions.contains(restored["version"].int)
            })
        #expect(versions.subtracting([nil]) == [restored["version"].int])
    }
}
