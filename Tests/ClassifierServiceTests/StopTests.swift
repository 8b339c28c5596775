import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// A graceful stop: accepted requests are answered.
@Suite struct StopTests {
    @Test func requestsInFlightAreAnswered() throws {
        let service = try TestService()
        let held = try HeldModel(service, dimension: 1500)
        let row = [Double](repeating: 1, count: held.dimension)
        let large = Bodies.predict([[Double]](repeating: row, count: 100))
        let hold = try held.hold()
        let learning = try (0..<4).map { _ in try held.beginLearn() }
        let snapshot = service.client()
        try snapshot.begin("GET", held.model.path + "/snapshot?parts=weights")
        #expect(service.waitForJobs(5, of: held.name))
        // A large prediction, waiting for a compute thread or being computed.
        let predicting = service.client()
        let requests = service.requestCount
        try predicting.begin("POST", held.model.path + "/predict", large)
        #expect(service.wait { service.requestCount > requests })
        let idle = service.client()
        try idle.connect()

        let stopping = Thread { service.service.stop(within: 3600) }
        stopping.start()
        // The listener is closed, and the worker is still busy.
        #expect(service.wait { (try? service.client().connect()) == nil })
        hold.end()

        for client in learning + [snapshot, predicting] {
            let reply = try client.readReply()
            #expect(reply.status == 200, "\(reply.text)")
        }
        #expect(service.wait { stopping.isFinished })
        #expect(throws: TestClient.Failure.self) { try service.client().send("GET", "/healthz") }
        #expect(throws: TestClient.Failure.self) { try idle.send("GET", "/healthz") }
    }

    @Test func everyLearnThatWasAnsweredWasLearned() throws {
        let service = try TestService()
        try ModelClient(service).create(#"{"dimension":32}"#)
        let accepted = Collected<Int>()
        let done = Flag()
        try onThreads(9) { thread in
            if thread == 8 {
                // In the middle of them.
                #expect(service.wait { accepted.all.count >= 8 })
                service.service.stop(within: 3600)
                done.raise()
                return
            }
            let model = ModelClient(service)
            let row = [[Double](repeating: Double(thread), count: 32)]
            while !done.isRaised {
                // A connection that the server has closed or refuses is not an accepted request.
                guard let reply = try? model.learn(row, ["c\(thread)"]) else { break }
                #expect(reply.status == 200, "\(reply.text)")
                accepted.append(reply["samples"].int ?? -1)
            }
        }
        let samples = accepted.all
        try #require(!samples.isEmpty)
        // Each answer counts one row more than the previous one in the log, and none is missing.
        #expect(samples.sorted() == Array(1...samples.count))
    }

    @Test func stopAgainAndWithoutStartDoesNoHarm() throws {
        let service = try TestService()
        try ModelClient(service).create(#"{"dimension":4}"#)
        service.service.stop(within: 5)
        service.service.stop(within: 5)
        let never = try Service(ServiceConfiguration(), log: Log(isSilent: true))
        never.stop(within: 1)
    }

    @Test func stopDoesNotWaitLongerThanItsDeadline() throws {
        let service = try TestService()
        let client = service.client()
        try client.write(Array("PUT /v1/models/m/snapshot HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n".utf8))
        #expect(service.wait { service.requestCount == 1 })
        service.service.stop(within: 0.05)
        #expect(throws: TestClient.Failure.self) { _ = try client.readReply() }
    }
}
