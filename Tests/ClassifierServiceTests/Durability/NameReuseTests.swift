import Concurrency
import Foundation
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// A name that is deleted and made again.
@Suite struct NameReuseTests {
    /// Clients create and delete one name as fast as they can: every put gets a model, and stopping takes no time.
    @Test(arguments: [true, false]) func putsAndDeletesOfOneName_areAllAnswered(isKept: Bool) throws {
        let models = KeptModels()
        let kept = try isKept ? models.start() : nil
        let inMemory = try isKept ? nil : TestService()
        @Sendable func client() -> TestClient { kept?.client() ?? inMemory!.client() }
        let service = kept?.service ?? inMemory!.service
        try client().send("PUT", "/v1/models/other", #"{"dimension":2}"#)
        try client().send("POST", "/v1/models/other/learn", Bodies.learn([[1, 2]], ["a"]))
        let snapshot = try client().send("GET", "/v1/models/other/snapshot").body
        let resting = service.registry.context.budget.used
        let unexpected = Guarded<[String]>([])
        let ended = DispatchGroup()
        for number in 0..<6 {
            ended.enter()
            Thread.detachNewThread {
                defer { ended.leave() }
                let client = client()
                for round in 0..<60 {
                    let reply: Reply
                    let expected: [Int]
                    do {
                        switch (number + round) % 3 {
                        case 0:
                            reply = try client.send("PUT", "/v1/models/m", #"{"dimension":2}"#)
                            expected = [200, 201]
                        case 1:
                            reply = try client.send("DELETE", "/v1/models/m")
                            expected = [204, 404]
                        default:
                            reply = try client.send("PUT", "/v1/models/m/snapshot", snapshot, contentType: "application/vnd.safetensors")
                            expected = [200, 201]
                        }
                    } catch { return unexpected.withLock { $0.append("\(error)") } }
                    if !expected.contains(reply.status) { unexpected.withLock { $0.append("\(reply.status) \(reply.text)") } }
                }
            }
        }
        ended.wait()
        #expect(unexpected.withLock { $0 } == [])
        _ = try client().send("DELETE", "/v1/models/m")
        #expect(service.registry.context.budget.used == resting)
        // A worker that waited in vain for its turn would take the whole deadline.
        #expect(service.registry.stop(within: 600))
        #expect(service.registry.context.budget.used == 0)
    }

    /// The model disappears between the lookup of its name and the queue: the request creates it again.
    @Test func putOfAModelThatGoes_makesAnother() throws {
        let service = try TestService()
        let client = ModelClient(service)
        let held = try HeldModel(service)
        let hold = try held.hold()
        let registry = service.service.registry
        // A put waits in the queue, followed by a deletion.
        let (putter, deleter) = (service.client(), service.client())
        try putter.begin("PUT", held.model.path, #"{"dimension":16}"#.utf8.map { $0 })
        #expect(service.waitForJobs(1, of: held.name))
        try deleter.begin("DELETE", held.model.path)
        #expect(service.wait { !registry.all.contains { $0.name == held.name } })
        // Another model of that name is created once the first is gone.
        let again = service.client()
        try again.begin("PUT", held.model.path, #"{"dimension":3}"#.utf8.map { $0 })
        #expect(service.wait { registry.all.contains { $0.name == held.name } })
        hold.end()
        #expect(try putter.readReply().status == 200)
        #expect(try deleter.readReply().status == 204)
        #expect(try again.readReply().status == 201)
        #expect(try client.client.send("GET", held.model.path)["config"]["dimension"].int == 3)
    }
}
