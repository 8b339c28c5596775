import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Create, list, describe and delete.
@Suite struct LifecycleTests {
    @Test func sameConfigurationAgainIsNoNewModel() throws {
        let service = try TestService()
        let model = ModelClient(service)
        let created = try model.create(#"{"dimension":3}"#)
        #expect(created.status == 201)
        #expect(created["name"].string == "m" && created["samples"].int == 0 && created["classes"].int == 0)
        let spelledOut = [
            #"{"dimension":3}"#, #"{"ridge":0.1,"dimension":3}"#, #"{"dimension":3,"ridge":1e-1}"#,
            #"{"dimension":3,"feature_map":{"kind":"identity"},"imbalance":{"kind":"none"},"sketch_rank":0}"#,
        ]
        for config in spelledOut {
            let again = try model.create(config)
            #expect(again.status == 200, "\(config): \(again.text)")
            #expect(again["config"] == created["config"])
        }
        // The configuration in the details is valid itself.
        #expect(try model.create(created["config"].description).status == 200)
    }

    @Test func defaultsOfMapAndImbalanceAreFilledIn() throws {
        let service = try TestService()
        for (index, (short, long)) in [
            (
                #"{"dimension":3,"feature_map":{"kind":"random_relu","width":8}}"#,
                #"{"dimension":3,"feature_map":{"seed":0,"width":8,"kind":"random_relu"}}"#
            ),
            (
                #"{"dimension":3,"imbalance":{"kind":"pseudo_features"}}"#,
                #"{"dimension":3,"imbalance":{"kind":"pseudo_features","noise":1,"cap":128,"seed":0},"sketch_rank":0}"#
            ),
            (
                #"{"dimension":3,"imbalance":{"kind":"reweight"}}"#,
                #"{"dimension":3,"imbalance":{"kind":"reweight","power":0.5},"sketch_rank":16}"#
            ),
        ].enumerated() {
            let model = ModelClient(service, "m\(index)")
            let created = try model.create(short)
            #expect(created.status == 201, "\(created.text)")
            #expect(try model.create(long).status == 200)
            #expect(try model.create(created["config"].description).status == 200)
        }
    }

    @Test func otherConfigurationIsAConflictAndChangesNothing() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        try model.learn([[1, 0]], ["a"])
        let before = try model.state(probe: [1, 1])
        for config in [
            #"{"dimension":3}"#, #"{"dimension":2,"ridge":0.2}"#, #"{"dimension":2,"feature_map":{"kind":"random_relu","width":2}}"#,
            #"{"dimension":2,"imbalance":{"kind":"pseudo_features"}}"#, #"{"dimension":2,"sketch_rank":4}"#,
            #"{"dimension":2,"intercept":true}"#,
        ] {
            let reply = try model.create(config)
            #expect(reply.status == 409, "\(reply.text)")
            #expect(reply.problemDetail.contains("\"dimension\":2"), "the detail shows what the model is: \(reply.text)")
        }
        #expect(try model.state(probe: [1, 1]) == before)
    }

    @Test(arguments: [2, 32]) func oneOfManyClientsCreates(_ clients: Int) throws {
        let service = try TestService()
        for round in 0..<5 {
            let statuses = Collected<Int>()
            let gate = Gate(clients)
            try onThreads(clients) { _ in
                let client = service.client()
                try client.connect()
                gate.pass()
                statuses.append(try client.send("PUT", "/v1/models/m\(round)", #"{"dimension":16}"#).status)
            }
            #expect(statuses.all.sorted() == [Int](repeating: 200, count: clients - 1) + [201])
        }
        #expect(service.modelNames == (0..<5).map { "m\($0)" })
    }

    @Test func clientsWithDifferentConfigurationsGetOneModel() throws {
        let service = try TestService()
        let replies = Collected<(Int, Reply)>()
        let gate = Gate(8)
        try onThreads(8) { index in
            let client = service.client()
            try client.connect()
            gate.pass()
            replies.append((index, try client.send("PUT", "/v1/models/m", #"{"dimension":\#(4 + index % 2)}"#)))
        }
        let winner = replies.all.first { $0.1.status == 201 }!
        for (index, reply) in replies.all where index != winner.0 {
            #expect(reply.status == (index % 2 == winner.0 % 2 ? 200 : 409), "\(reply.text)")
        }
        #expect(try service.client().send("GET", "/v1/models/m")["config"]["dimension"].int == 4 + winner.0 % 2)
    }

    @Test func listIsSortedByName() throws {
        let service = try TestService()
        let client = service.client()
        #expect(try client.send("GET", "/v1/models")["models"].array == [])
        let names = ["zebra", "Zebra", "a.b", "a-b", "a_b", "ab", "a", "10", "9", "B"]
        for name in names { #expect(try client.send("PUT", "/v1/models/\(name)", #"{"dimension":2}"#).status == 201) }
        try client.send("POST", "/v1/models/a/learn", Bodies.learn([[1, 2], [3, 4]], ["x", "y"]))
        let list = try client.send("GET", "/v1/models")["models"].array ?? []
        #expect(list.compactMap { $0["name"].string } == names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
        let learned = list.first { $0["name"].string == "a" } ?? .null
        #expect(learned["samples"].int == 2 && learned["classes"].int == 2 && learned["version"].int == 1)
    }

    @Test func deletedModelIsGone() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        try model.learn([[1, 0]], ["a"])
        let reply = try model.delete()
        #expect(reply.status == 204 && reply.body.isEmpty)
        for reply in [
            try model.details(), try model.delete(), try model.snapshot(), try model.learn([[1, 0]], ["a"]), try model.predict([[1, 0]]),
        ] {
            #expect(reply.status == 404)
            #expect(reply.problemDetail.contains("\"m\""))
        }
        #expect(service.reservedBytes == 0)
        #expect(try model.create(#"{"dimension":5}"#).status == 201)
        #expect(try model.details()["samples"].int == 0)
        #expect(try model.predict([[1, 0, 0, 0, 0]]).status == 409)
    }

    @Test func deleteAnswersEveryLearnThatWaits() throws {
        let service = try TestService()
        let held = try HeldModel(service)
        let hold = try held.hold()
        let waiting = try (0..<6).map { _ in try held.beginLearn() }
        #expect(service.waitForJobs(6, of: held.name))
        let deleting = service.client()
        try deleting.begin("DELETE", held.model.path)
        for client in waiting {
            let reply = try client.readReply()
            #expect(reply.status == 404, "\(reply.text)")
            #expect(reply.problemDetail.contains("deleted"))
        }
        hold.end()
        #expect(try deleting.readReply().status == 204)
        #expect(service.reservedBytes == 0)
    }

    @Test func learningWhileModelsComeAndGoIsAlwaysAnswered() throws {
        let service = try TestService()
        let statuses = Collected<Int>()
        let done = Flag()
        try onThreads(6) { index in
            let model = ModelClient(service)
            if index == 0 {
                for _ in 0..<60 {
                    let created = try model.create(#"{"dimension":8}"#).status
                    #expect(created == 201)
                    usleep(2000)
                    #expect(try model.delete().status == 204)
                }
                done.raise()
            } else {
                while !done.isRaised {
                    let reply = try model.learn([[Double](repeating: Double(index), count: 8)], ["c\(index)"])
                    statuses.append(reply.status)
                    if reply.status == 404 { #expect(reply.problemDetail.contains("\"m\"")) }
                }
            }
        }
        #expect(Set(statuses.all).isSubset(of: [200, 404]), "\(Set(statuses.all))")
        #expect(service.reservedBytes == 0)
        #expect(service.modelNames.isEmpty)
    }

    @Test func memoryOfDeletedModelsIsGivenBack() throws {
        let service = try TestService { $0.host.maximumMemory = 20 << 20 }
        let model = ModelClient(service)
        for round in 0..<50 {
            let reply = try model.create(#"{"dimension":900}"#)
            #expect(reply.status == 201, "round \(round): \(reply.text)")
            // A second one does not fit.
            #expect(try ModelClient(service, "other").create(#"{"dimension":900}"#).status == 422)
            #expect(try model.delete().status == 204)
            #expect(service.reservedBytes == 0, "round \(round)")
        }
    }

    @Test func memoryOfClassesIsGivenBackToo() throws {
        let service = try TestService { $0.host.maximumMemory = 8 << 20 }
        let model = ModelClient(service)
        for _ in 0..<3 {
            #expect(try model.create(#"{"dimension":32}"#).status == 201)
            let empty = service.reservedBytes
            let rows = (0..<200).map { _ in [Double](repeating: 1, count: 32) }
            #expect(try model.learn(rows, (0..<200).map(String.init)).status == 200)
            #expect(service.reservedBytes > empty)
            #expect(try model.details()["memory_bytes"].int == service.reservedBytes)
            let snapshot = try model.snapshot().body
            #expect(try model.restore(snapshot).status == 200)
            #expect(try model.details()["memory_bytes"].int == service.reservedBytes)
            #expect(try model.delete().status == 204)
            #expect(service.reservedBytes == 0)
        }
    }

    @Test func headAnswersAsGetWithoutContent() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        try model.learn([[1, 0]], ["a"])
        for path in ["/v1/models", "/v1/models/m", "/v1/models/m/snapshot", "/healthz", "/readyz"] {
            let get = try model.client.send("GET", path)
            let head = try model.client.send("HEAD", path)
            #expect(head.status == 200 && head.body.isEmpty)
            for field in ["content-type", "content-length"] { #expect(head.fields[field] == get.fields[field], "\(path): \(field)") }
            #expect(Int(get.fields["content-length"] ?? "") == get.body.count)
        }
        #expect(try model.client.send("HEAD", "/v1/models/none").status == 404)
    }

    @Test func detailsTellTheState() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2,"ridge":0.5}"#)
        try model.learn([[1, 0], [0, 1], [1, 1]], ["a", "b", "a"])
        let details = try model.details()
        #expect(details.fields["content-type"] == "application/json")
        #expect(details["name"].string == "m" && details["version"].int == 1 && details["samples"].int == 3 && details["classes"].int == 2)
        #expect(details["ill_conditioned"].bool == false)
        #expect(details["config"]["ridge"].double == 0.5)
        #expect((details["memory_bytes"].int ?? 0) > 0)
    }

    @Test func serviceIsLiveAndReady() throws {
        let service = try TestService()
        #expect(try service.client().send("GET", "/healthz")["live"].bool == true)
        #expect(try service.client().send("GET", "/readyz")["ready"].bool == true)
    }
}
