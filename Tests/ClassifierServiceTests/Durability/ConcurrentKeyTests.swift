import Concurrency
import Foundation
internal import HTTPServer
import Storage
import StorageTestSupport
import TensorFormats
import Testing

@testable import ClassifierService

/// The same `Idempotency-Key` on several connections at once.
@Suite struct ConcurrentKeyTests {
    private let models = KeptModels()
    private let disk = FaultyFileSystem(SystemFileSystem())

    private func start() throws -> KeptService {
        let service = try models.start(fileSystem: disk)
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":1}"#)
        try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1], [1], [2]], ["a", "a", "b"]))
        return service
    }

    /// Sends a request, and returns once the worker handles it and waits in a call to the disk.
    private func occupy(_ service: KeptService, _ path: String, _ body: [UInt8], key: String) throws -> TestClient {
        let client = service.client()
        let requests = service.service.server.statistics.requests
        try client.begin("POST", "/v1/models/m/\(path)", body, key: key)
        #expect(service.wait { service.service.server.statistics.requests > requests })
        usleep(20_000)
        #expect(service.waitForJobs(0))
        return client
    }

    @Test(arguments: ["learn", "unlearn"]) func requestThatComesWhileTheFirstIsDone_isAppliedOnce(path: String) throws {
        let service = try start()
        let body = Bodies.learn([[1]], ["a"])
        disk.hold()
        defer { disk.heal() }
        let first = try occupy(service, path, body, key: "k")
        let others = (0..<3).map { _ in service.client() }
        for client in others { try client.begin("POST", "/v1/models/m/\(path)", body, key: "k") }
        #expect(service.waitForJobs(3))
        disk.heal()
        let reply = try first.readReply()
        #expect(reply.status == 200 && reply["samples"].int == (path == "learn" ? 4 : 2))
        for client in others { #expect(try client.readReply().text == reply.text) }
        #expect(try service.client().send("GET", "/v1/models/m")["samples"].int == (path == "learn" ? 4 : 2))
    }

    @Test func requestsThatAreLearnedAsOneBlock_areAppliedOnce() throws {
        let service = try start()
        let body = Bodies.learn([[1]], ["a"])
        disk.hold()
        defer { disk.heal() }
        let busy = try occupy(service, "learn", Bodies.learn([[5]], ["b"]), key: "other")
        let clients = (0..<4).map { _ in service.client() }
        for client in clients { try client.begin("POST", "/v1/models/m/learn", body, key: "k") }
        #expect(service.waitForJobs(4))
        let wrong = service.client()
        try wrong.begin("POST", "/v1/models/m/learn", Bodies.learn([[9]], ["a"]), key: "k")
        #expect(service.waitForJobs(5))
        disk.heal()
        #expect(try busy.readReply().status == 200)
        let replies = try clients.map { try $0.readReply() }
        #expect(replies.allSatisfy { $0.status == 200 && $0.text == replies[0].text })
        #expect(replies[0]["samples"].int == 5)
        #expect(try wrong.readReply().status == 422)
        service.stop()
        let next = try models.start()
        #expect(try next.client().send("GET", "/v1/models/m")["samples"].int == 5)
        let again = try next.client().send("POST", "/v1/models/m/learn", body, key: "k")
        #expect(again.text == replies[0].text)
    }

    /// Each block of a stream is learned once, by the connection that brings it first.
    @Test func streamsUnderOneKey_areAppliedOnce() throws {
        let service = try start()
        let lines = (0..<5000).map { "{\"features\":[\($0 % 7)],\"label\":\($0 % 3)}\n" }
        let body = Array(lines.joined().utf8)
        let replies = Guarded<[Reply]>([])
        try onThreads(4) { _ in
            let reply = try service.client().send("POST", "/v1/models/m/learn", body, contentType: "application/x-ndjson", key: "s")
            replies.withLock { $0.append(reply) }
        }
        let all = replies.withLock { $0 }
        #expect(all.count == 4 && all.allSatisfy { $0.status == 200 && $0["rows"].int == 5000 && $0["samples"].int == 5003 })
        #expect(try service.client().send("GET", "/v1/models/m")["samples"].int == 5003)
    }

    /// A failure of the first request fails those that wait for it; a retry of any of them succeeds.
    @Test func requestsOfABlockThatFails_areAllRefused() throws {
        let service = try start()
        let body = Bodies.learn([[1]], ["a"])
        disk.hold()
        defer { disk.heal() }
        let busy = try occupy(service, "learn", Bodies.learn([[5]], ["b"]), key: "other")
        let clients = (0..<3).map { _ in service.client() }
        for client in clients { try client.begin("POST", "/v1/models/m/learn", body, key: "k") }
        #expect(service.waitForJobs(3))
        // The first write is that of the previous block, which was held.
        disk.fail(.write, 1, .error(ENOSPC))
        #expect(try busy.readReply().status == 200)
        for client in clients { #expect(try client.readReply().status == 507) }
        disk.heal()
        for client in clients {
            #expect(try client.send("POST", "/v1/models/m/learn", body, key: "k")["samples"].int == 5)
        }
    }
}
