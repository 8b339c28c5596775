import AnalyticLearning
import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// `GET /v1/models/{model}/events`, over sockets.
@Suite struct EventTests {
    private func model(_ service: TestService, _ config: String = #"{"dimension":2}"#) throws -> ModelClient {
        let model = ModelClient(service)
        #expect(try model.create(config).status == 201)
        return model
    }

    @Test func eventsComeInTheOrderOfWhatHappens() throws {
        let service = try TestService()
        let model = try model(service)
        let events = try EventStream(service.client())
        #expect(events.head.status == 200)
        #expect(events.head.fields["content-type"] == "text/event-stream")
        #expect(events.head.fields["cache-control"] == "no-store")
        #expect(events.head.fields["x-accel-buffering"] == "no")

        let first = try #require(try events.next())
        #expect(first.kind == "state")
        #expect(first.data.description == #"{"model":"m","version":0,"samples":0,"classes":0}"#)
        try model.learn([[1, 0], [0, 1]], ["a", "b\n\"c\""])
        try model.learn([[1, 0], [0, 1], [1, 0]], ["a", "a", "a"])
        try model.learn([[1, 0]], ["a", "too many"])
        _ = try model.client.send("POST", model.path + "/unlearn", Bodies.learn([[1, 0]], ["a"]))
        _ = try model.client.send("PATCH", model.path, #"{"ridge":0.5}"#)
        _ = try model.client.send("PATCH", model.path + "/classes/a", #"{"label":"d"}"#)
        _ = try model.client.send("POST", model.path + "/classes/d/merge", #"{"into":"d"}"#)
        _ = try model.client.send("POST", model.path + "/classes/d/merge", "{\"into\":\"b\\n\\\"c\\\"\"}")
        _ = try model.learn([[1, 1]], ["d"])
        _ = try model.client.send("DELETE", model.path + "/classes/d")
        _ = try model.client.send("DELETE", model.path + "/classes/d")
        let snapshot = try model.snapshot().body
        try model.restore(snapshot)
        _ = try model.client.send("POST", model.path + "/merge", snapshot, contentType: "application/vnd.safetensors")

        let all = try events.next(10)
        #expect(all.map(\.id) == Array(first.id + 1...first.id + 10))
        let changed = { Array(repeating: "changed", count: $0) }
        #expect(all.map(\.kind) == ["learned", "learned"] + changed(4) + ["learned"] + changed(3))
        #expect(
            all[0].data.description
                == #"{"version":1,"rows":2,"samples":2,"classes":2,"new_classes":["a","b\n\"c\""],"accuracy_before":null,"#
                + #""served_accuracy_before":null}"#)
        #expect(all[1].data["rows"].int == 3 && all[1].data["samples"].int == 5)
        #expect(all[1].data["accuracy_before"].double == 2.0 / 3)
        #expect(
            all.compactMap { $0.data["change"].string }
                == ["unlearned", "reconfigured", "class_renamed", "classes_joined", "class_deleted", "restored", "merged"])
        #expect(all.compactMap { $0.data["version"].int } == all.compactMap { $0.data["version"].int }.sorted())
        #expect(try model.details()["version"].int == all[9].data["version"].int)
    }

    @Test func rowsThatAreLearnedTogetherAreOneEvent() throws {
        let service = try TestService()
        let held = try HeldModel(service)
        let events = try EventStream(service.client(), "/v1/models/held/events")
        #expect(try events.next()?.data["samples"].int == 1)
        #expect(try held.beginLearn().readReply().status == 200)
        let hold = try held.hold()
        let waiting = try (0..<2).map { _ in try held.beginLearn() }
        #expect(service.waitForJobs(2, of: held.name))
        hold.end()
        for client in waiting { #expect(try client.readReply().status == 200) }
        let learned = try events.next(2)
        #expect(learned.map { $0.data["rows"].int } == [1, 2])
        #expect(learned.map { $0.data["samples"].int } == [2, 4])
        #expect(learned.map { $0.data["new_classes"].description } == [#"["b"]"#, "[]"])
    }

    @Test func refreshesOfBalancedWeightsAreTold() throws {
        let service = try TestService()
        let model = try model(service, #"{"dimension":2,"imbalance":{"kind":"pseudo_features"}}"#)
        let events = try EventStream(service.client())
        try model.learn([[1, 0], [0, 1]], ["a", "b"])
        let all = try events.next(3)
        #expect(all.map(\.kind) == ["state", "learned", "rebalanced"])
        #expect(all[2].data["version"].int == 1 && all[2].data["balanced_version"].int == 1)
        #expect(all[2].data["seconds"].double ?? -1 >= 0)
        _ = try model.client.send("POST", model.path + "/rebalance")
        #expect(try events.next()?.kind == "rebalanced")
        let last = try model.details()["last_rebalance"]
        #expect(last["version"].int == 1)
        #expect(last["age_seconds"].double ?? -1 >= 0 && last["seconds"].double ?? -1 >= 0)
    }

    @Test func checkpointsAreTold() throws {
        let kept = KeptModels()
        let service = try kept.start { $0.checkpointLogBytes = 1 }
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":1}"#)
        let created = try client.send("GET", "/v1/models/m")
        #expect(created["log_bytes"].int == 0 && created["checkpoint_version"].int == 0)
        #expect(created["checkpoint_age_seconds"].double ?? -1 >= 0)
        let events = try EventStream(service.client())
        for _ in 0..<100 { try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1]], ["a"])) }
        var checkpoint: EventStream.Event?
        while checkpoint == nil {
            let event = try #require(try events.next())
            if event.kind == "checkpointed" { checkpoint = event }
        }
        #expect(checkpoint?.data["version"].int ?? 0 > 0)
        #expect(checkpoint?.data["bytes"].int ?? 0 > 0)
        #expect(checkpoint?.data["seconds"].double ?? -1 >= 0)
        try client.send("PATCH", "/v1/models/m", #"{"ridge":1}"#)
        let details = try client.send("GET", "/v1/models/m")
        #expect(details["log_bytes"].int == 0)
        #expect(details["checkpoint_version"].int == details["version"].int)
    }

    @Test func aModelThatIsDeletedEndsItsStreams() throws {
        let service = try TestService()
        let model = try model(service)
        let events = try (0..<2).map { _ in try EventStream(service.client()) }
        try model.learn([[1, 0]], ["a"])
        #expect(try model.delete().status == 204)
        for stream in events {
            let all = try stream.next(3)
            #expect(all.map(\.kind) == ["state", "learned", "deleted"])
            #expect(all[2].data.description == "{}")
            #expect(try stream.next() == nil)
            // The connection is still usable.
            #expect(try stream.client.send("GET", "/healthz").status == 200)
        }
        #expect(try service.client().send("GET", "/v1/models/m/events").status == 404)
        #expect(service.wait { service.eventReaders == 0 })
    }

    @Test func aServerThatStopsEndsItsStreams() throws {
        let service = try TestService()
        let model = try model(service)
        let events = try EventStream(service.client())
        _ = try events.next()
        try model.learn([[1, 0]], ["a"])
        let stopping = Thread { service.service.stop(within: 60) }
        stopping.start()
        #expect(try events.next()?.kind == "learned")
        #expect(try events.next() == nil)
        #expect(service.wait { stopping.isFinished })
    }

    @Test func whoComesBackGetsWhatItMissed() throws {
        let service = try TestService()
        let model = try model(service)
        let first = try EventStream(service.client())
        let state = try #require(try first.next())
        try model.learn([[1, 0]], ["a"])
        let seen = try #require(try first.next())
        first.client.disconnect()
        for _ in 0..<3 { try model.learn([[1, 0]], ["a"]) }
        let second = try EventStream(service.client(), after: "\(seen.id)")
        let all = try second.next(4)
        #expect(all.map(\.kind) == ["state", "learned", "learned", "learned"])
        #expect(all.map(\.id) == [seen.id, seen.id + 1, seen.id + 2, seen.id + 3])
        #expect(all[0].data["version"].int == 4)
        #expect(all[1...].map { $0.data["version"].int } == [2, 3, 4])
        // From before the model existed, from the future, and not a number at all.
        for last in ["\(state.id - 5)", "\(seen.id + 1000)", "-1", "9223372036854775807"] {
            let all = try EventStream(service.client(), after: last).next(2)
            #expect(all.map(\.kind) == ["state", "dropped"])
            #expect(all[1].data.description == #"{"events":null}"#)
            #expect(all.map(\.id) == [seen.id + 3, seen.id + 3])
        }
        let other = try EventStream(service.client(), after: "none")
        #expect(try other.next()?.id == seen.id + 3)
        try model.learn([[1, 0]], ["a"])
        #expect(try other.next()?.id == seen.id + 4)
    }

    @Test func whoIsTooSlowIsToldHowMuchItMissedAndLearningGoesOn() throws {
        let service = try TestService()
        let model = try model(service)
        let hub = try #require(service.service.registry.all.first).events
        let client = service.client()
        try client.connect(receiveBuffer: 4096)
        let slow = try EventStream(client)
        let first = try #require(try slow.next())
        // More than the stream, the ring and the sockets hold together, however large the system lets those become.
        let labels = [Label](repeating: try Label(String(repeating: "x", count: 1000)), count: 8)
        let state = StateSummary(model: "m", version: 1, samples: 1, classes: 8)
        for _ in 0..<(Self.largestSendBuffer + (1 << 20)) / 8000 {
            hub.publish(
                .learned(ModelEvent.Learned(state: state, rows: 8, newClasses: labels[...], accuracyBefore: nil, servedAccuracyBefore: nil))
            )
        }
        for _ in 0..<10 { #expect(try model.learn([[1, 0]], ["a"]).status == 200) }
        _ = try model.client.send("PATCH", model.path, #"{"ridge":0.75}"#)
        var expected = first.id + 1
        var missed = 0
        while true {
            let event = try #require(try slow.next())
            if event.kind == "dropped" {
                let lost = try #require(event.data["events"].int)
                missed += lost
                expected += lost
                #expect(event.id == expected - 1)
                continue
            }
            #expect(event.id == expected)
            expected += 1
            if event.data["change"].string == "reconfigured" { break }
        }
        #expect(missed > 0)
    }

    /// Octets that the kernel lets an unread socket hold; if it does not say, more than its defaults.
    private static var largestSendBuffer: Int {
        let text = (try? String(contentsOfFile: "/proc/sys/net/ipv4/tcp_wmem", encoding: .utf8)) ?? ""
        return text.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) } ?? 16 << 20
    }

    @Test func readersAreBoundedAndTheirPlacesFreeAgain() throws {
        let service = try TestService()
        _ = try model(service)
        let limit = ServiceLimits().eventReaders
        var streams = try (0..<limit).map { _ in try EventStream(service.client()) }
        let refused = try EventStream(service.client()).head
        #expect(refused.status == 503 && refused.fields["retry-after"] == "1")
        // However a client leaves, its place is free without any change to the model.
        streams[0].client.disconnect()
        streams[1].client.disconnect(byReset: true)
        streams[2].client.endSending()
        #expect(service.wait { service.eventReaders == limit - 3 })
        #expect(try EventStream(service.client()).head.status == 200)
        streams.removeAll()
        #expect(service.wait { service.eventReaders == 0 && service.service.server.statistics.requestsInFlight == 0 })
    }

    @Test func headAndUnknownModels() throws {
        let service = try TestService()
        _ = try model(service)
        #expect(try service.client().send("HEAD", "/v1/models/m/events").fields["content-type"] == "text/event-stream")
        #expect(service.wait { service.eventReaders == 0 })
        #expect(try service.client().send("GET", "/v1/models/n/events").status == 404)
        #expect(try service.client().send("GET", "/v1/models/m/events?since=1").status == 400)
    }
}
