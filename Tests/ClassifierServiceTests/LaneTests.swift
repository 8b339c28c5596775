import Concurrency
import Foundation
import TensorFormats
import Testing

@testable import ClassifierService
@testable import HTTPServer
@testable import ModelHost

/// Readers and writers have separate shares of every limited resource.
@Suite struct LaneTests {
    /// Unlearning counts as learning does, in the queue and in the metrics.
    @Test func rowsToBeUnlearnedAreCountedAndBounded() throws {
        let service = try TestService { $0.host.maximumQueuedRequests = 3 }
        let held = try HeldModel(service)
        let hold = try held.hold()
        let body = Bodies.learn([[Double](repeating: 0, count: held.dimension)], ["a"])
        // One after another: the first in the queue is the one whose row is there.
        let clients = try (1...3).map { jobs in
            let client = service.client()
            try client.begin("POST", held.model.path + "/unlearn", body)
            #expect(service.waitForJobs(jobs, of: held.name))
            return client
        }
        let bytes = 3 * (held.dimension * 8 + 1 + 8)
        #expect(service.waitingBytes(.writing) == bytes)
        #expect(try service.client().send("GET", "/metrics").text.contains("accrue_model_queue_bytes{model=\"held\"} \(Double(bytes))\n"))
        #expect(try held.beginLearn().readReply().status == 503)
        hold.end()
        #expect(try clients.map { try $0.readReply().status } == [200, 422, 422])
        #expect(service.waitingBytes(.writing) == 0)
    }

    /// As many clients as can repeatedly ask for leverage, more than there are slots, while another learns row by row.
    @Test func leverageStopsNoLearn() throws {
        let service = try TestService { $0.host.maximumQueuedRequests = 8 }
        let model = ModelClient(service)
        try model.create(#"{"dimension":24}"#)
        let row = [Double](repeating: 1, count: 24)
        try model.learn([row, row.map { -$0 }], ["a", "b"])
        let body = Bodies.predict([[Double]](repeating: row, count: 256))
        let learned = Flag()
        // Under the sanitizer everything takes ten times as long.
        let (readers, rounds) = ThreadSanitizer.isOn ? (10, 4) : (40, 20)
        let (answered, refused) = (Collected<Int>(), Collected<Int>())
        try onThreads(1 + readers) { index in
            guard index > 0 else {
                defer { learned.raise() }
                let client = ModelClient(service)
                for round in 0..<rounds {
                    let reply = try client.learn([row], ["a"])
                    #expect(reply.status == 200, "round \(round): \(reply.text)")
                    // Learned rows are visible to later requests.
                    let seen = try client.client.send("POST", client.path + "/predict?leverage=true", Bodies.predict([row]))
                    #expect(seen.status == 503 || (seen["version"].int ?? 0) >= (reply["version"].int ?? .max), "\(seen.text)")
                }
                return
            }
            let client = service.client()
            repeat {
                let status = try client.send("POST", "/v1/models/m/predict?leverage=true", body).status
                (status == 200 ? answered : refused).append(status)
            } while !learned.isRaised
        }
        #expect(!answered.all.isEmpty, "readers are not starved")
        #expect(Set(refused.all).isSubset(of: [503]))
    }

    /// Writers fill their slots; readers still have theirs.
    @Test func learnsStopNoReader() throws {
        let service = try TestService { $0.host.maximumQueuedRequests = 2 }
        let held = try HeldModel(service)
        let hold = try held.hold()
        let learns = try (0..<2).map { _ in try held.beginLearn() }
        #expect(service.waitForJobs(2, of: held.name))
        #expect(try held.beginLearn().readReply().status == 503)
        let (snapshot, leverage) = (service.client(), service.client())
        try snapshot.begin("GET", held.model.path + "/snapshot?parts=weights")
        try leverage.begin(
            "POST", held.model.path + "/predict?leverage=true", Bodies.predict([[Double](repeating: 1, count: held.dimension)]))
        #expect(service.waitForJobs(4, of: held.name))
        #expect(try service.client().send("HEAD", held.model.path + "/snapshot").status == 503, "the readers' share is full too")
        hold.end()
        #expect(try snapshot.readReply().status == 200 && leverage.readReply().status == 200)
        #expect(try learns.map { try $0.readReply().status } == [200, 200])
    }
}
