import Foundation
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Models that lose their last class: there is nothing to predict with, and later rows are predicted again.
@Suite struct LastClassTests {
    static let kinds = [#"{"kind":"none"}"#, #"{"kind":"pseudo_features","cap":4}"#, #"{"kind":"reweight"}"#]

    /// Every way to ask for a prediction.
    private func predictions(_ client: TestClient) throws -> [(what: String, reply: Reply)] {
        let body = Bodies.predict([[1, 0], [0, 1]], top: 3)
        var replies: [(String, Reply)] = []
        for query in [
            "", "?weights=plain", "?weights=balanced", "?probability=true", "?leverage=true",
            "?weights=balanced&leverage=true&probability=true",
        ] {
            replies.append((query, try client.send("POST", "/v1/models/m/predict\(query)", body)))
        }
        let lines = Array("{\"features\":[1,0]}\n{\"features\":[0,1]}\n".utf8)
        replies.append(("NDJSON", try client.send("POST", "/v1/models/m/predict", lines, contentType: "application/x-ndjson")))
        for weights in ["plain", "balanced"] {
            let members = #","parameters":{"weights":"\#(weights)"}"#
            let json = InferenceClient.json([[1, 0], [0, 1]], members: members)
            replies.append(("infer \(weights)", try InferenceClient(client: client).infer(json)))
        }
        replies.append(("infer", try InferenceClient(client: client).infer(InferenceClient.json([[1, 0], [0, 1]]))))
        return replies
    }

    private func expectConflict(_ client: TestClient, _ comment: String) throws {
        for (what, reply) in try predictions(client) {
            #expect(reply.status == 409 && reply.text.contains("has no classes"), "\(comment), \(what): \(reply.text)")
        }
        #expect(try client.send("GET", "/v2/models/m/ready").status == 409)
        for path in ["/v1/models/m", "/v1/models/m/classes", "/v2/models/m", "/v2/models/m/config", "/metrics"] {
            #expect(try client.send("GET", path).status == 200, "\(comment), \(path)")
        }
    }

    private func expectLabel(_ label: String, _ client: TestClient, _ comment: String) throws {
        for (what, reply) in try predictions(client) {
            // There may be no balanced weights, or not yet.
            if what.contains("balanced"), reply.status == 409, reply.text.contains("balanced weights") { continue }
            #expect(reply.status == 200 && reply.text.contains(#""\#(label)""#), "\(comment), \(what): \(reply.text)")
        }
    }

    @Test(arguments: kinds) func aModelWithoutItsLastClass_predictsNothing_andThenWhatItLearns(imbalance: String) throws {
        let models = KeptModels()
        var service = try models.start()
        var client = service.client()
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":2,"imbalance":\#(imbalance)}"#).status == 201)
        for round in 0..<3 {
            #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 0]], ["a"])).status == 200)
            try client.send("POST", "/v1/models/m/rebalance")
            try expectLabel("a", client, "round \(round)")
            #expect(try client.send("DELETE", "/v1/models/m/classes/a").status == 200)
            try expectConflict(client, "round \(round)")
            // As a snapshot, as a merged one, and after a restart.
            let snapshot = try client.send("GET", "/v1/models/m/snapshot").body
            #expect(try EditedSnapshot(snapshot)["weight.balanced"] == nil)
            #expect(try client.send("PUT", "/v1/models/m/snapshot", snapshot).status == 200)
            try expectConflict(client, "restored in round \(round)")
            #expect(try client.send("POST", "/v1/models/m/merge", snapshot, contentType: Operation.snapshotType.description).status == 200)
            try expectConflict(client, "merged in round \(round)")
            service.stop()
            service = try models.start()
            client = service.client()
            try expectConflict(client, "started anew in round \(round)")
            #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([[0, 1]], ["b"])).status == 200)
            try expectLabel("b", client, "round \(round)")
            #expect(try client.send("DELETE", "/v1/models/m/classes/b").status == 200)
        }
    }

    /// Older servers wrote weights of no class into snapshots and checkpoints.
    @Test func balancedWeightsOfNoClass_inAnOlderFile_areNone() throws {
        let models = KeptModels()
        var service = try models.start()
        var client = service.client()
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":2,"imbalance":{"kind":"reweight"}}"#).status == 201)
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 0], [0, 1]], ["a", "a"])).status == 200)
        for isEmpty in [true, false] {
            if isEmpty { #expect(try client.send("DELETE", "/v1/models/m/classes/a").status == 200) }
            var snapshot = try EditedSnapshot(try client.send("GET", "/v1/models/m/snapshot").body)
            snapshot["weight.balanced"] = EditedSnapshot.Tensor(type: .f64, shape: [2, 0], bytes: [])
            snapshot.setMetadata("balanced_version", snapshot.metadataValue("version"))
            #expect(try client.send("PUT", "/v1/models/m/snapshot", try snapshot.encoded()).status == 200)
            if isEmpty { try expectConflict(client, "restored") } else { try expectLabel("a", client, "restored") }
            // The same in the checkpoint.
            service.stop()
            let file = try #require(models.files().first { $0.hasPrefix("checkpoint") })
            let path = "\(models.path)/models/m/\(file)"
            var checkpoint = try EditedSnapshot(Array(try Data(contentsOf: URL(fileURLWithPath: path))))
            checkpoint["weight.balanced"] = EditedSnapshot.Tensor(type: .f64, shape: [2, 0], bytes: [])
            checkpoint.setMetadata("balanced_version", checkpoint.metadataValue("version"))
            try Data(try checkpoint.encoded()).write(to: URL(fileURLWithPath: path))
            service = try models.start()
            client = service.client()
            if isEmpty { try expectConflict(client, "started anew") } else { try expectLabel("a", client, "started anew") }
            #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 0]], ["a"])).status == 200)
            try expectLabel("a", client, "learned")
        }
    }
}
