import Foundation
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Labels that Swift's strings do not distinguish are two classes, from the wire to the disk and back.
@Suite struct SpellingTests {
    static let pairs = [["caf\u{e9}", "cafe\u{301}"], ["\u{ac00}", "\u{1100}\u{1161}"]]
    private static let rows = [[1.0, 0], [0, 1], [1, 1]]

    private func learn(_ model: ModelClient, _ labels: [String], _ rows: [[Double]] = rows) throws {
        #expect(try model.learn(rows, labels).status == 200)
    }

    /// Labels as bytes, which are equal only if they are the same.
    private func bytes(_ labels: [String]) -> [[UInt8]] { labels.map { Array($0.utf8) } }

    private func classes(_ client: TestClient, _ name: String) throws -> [[UInt8]] {
        let list = try client.send("GET", "/v1/models/\(name)/classes")["classes"].array ?? []
        return bytes(list.compactMap { $0["label"].string })
    }

    private func path(_ label: String) -> String { label.utf8.map { String(format: "%%%02X", $0) }.joined() }

    @Test(arguments: pairs) func snapshot_isRestoredElsewhereBitForBit(_ pair: [String]) throws {
        try TestService.run { service in
            let (model, copy) = (ModelClient(service), ModelClient(service, "copy"))
            try model.create(#"{"dimension":2,"imbalance":{"kind":"pseudo_features"}}"#)
            let labels = pair + ["x"]
            try learn(model, labels)
            #expect(try model.client.send("POST", "/v1/models/m/rebalance").status == 200)
            #expect(try classes(model.client, "m") == bytes(labels))
            let snapshot = try model.snapshot().body
            #expect(try copy.restore(snapshot).status == 201)
            #expect(try classes(model.client, "copy") == bytes(labels))
            let (mine, theirs) = (try EditedSnapshot(snapshot), try EditedSnapshot(copy.snapshot().body))
            #expect(bytes(theirs.labels) == bytes(labels))
            for part in ["weight", "weight.balanced"] { #expect(mine[part]?.bytes == theirs[part]?.bytes && mine[part] != nil) }
            // Each has the balanced weights of its own bytes: draws for one are not those for the other.
            for (row, label) in zip(Self.rows, labels) {
                for weights in ["plain", "balanced"] {
                    let reply = try model.client.send("POST", "/v1/models/copy/predict?weights=\(weights)", Bodies.predict([row], top: 3))
                    let top = reply["predictions"][0]["top"].array ?? []
                    #expect(Set(bytes(top.compactMap { $0["label"].string })) == Set(bytes(labels)) && top.count == 3)
                    if weights == "plain" { #expect(bytes([reply["predictions"][0]["label"].string ?? ""]) == bytes([label])) }
                }
            }
            // And once more over a model that has them already.
            #expect(try copy.restore(snapshot).status == 200)
            #expect(try classes(model.client, "copy") == bytes(labels))
        }
    }

    @Test(arguments: pairs, [true, false]) func bothAreThereAfterARestart(_ pair: [String], isClean: Bool) throws {
        let (models, copy) = (KeptModels(), KeptModels())
        let service = try models.start()
        let model = service.client()
        try model.send("PUT", "/v1/models/m", #"{"dimension":2}"#)
        let labels = pair + ["x"]
        #expect(try model.send("POST", "/v1/models/m/learn", Bodies.learn(Self.rows, labels), key: "k").status == 200)
        if !isClean { try models.copy(to: copy.path) }
        service.stop()
        let again = try (isClean ? models : copy).start()
        let client = again.client()
        #expect(try client.send("GET", "/readyz").status == 200)
        #expect(try classes(client, "m") == bytes(labels))
        let answer = try client.send("POST", "/v1/models/m/learn", Bodies.learn(Self.rows, labels), key: "k")
        #expect(answer.status == 200 && answer["version"].int == 1 && answer["classes"].int == 3)
        // Each is unlearned and deleted separately.
        #expect(try client.send("POST", "/v1/models/m/unlearn", Bodies.learn([Self.rows[1]], [pair[1]])).status == 200)
        #expect(try client.send("DELETE", "/v1/models/m/classes/\(path(pair[1]))").status == 200)
        #expect(try classes(client, "m") == bytes([pair[0], "x"]))
        #expect(try client.send("DELETE", "/v1/models/m/classes/\(path(pair[1]))").status == 404)
        again.stop()
        var audits: [ModelAudit] = []
        try ModelAudit.run((isClean ? models : copy).path) { audits.append($0) }
        #expect(audits.count == 1 && audits.allSatisfy { $0.mismatches.isEmpty && $0.classes == 2 })
    }

    @Test(arguments: pairs) func merging_keepsTwoClasses(_ pair: [String]) throws {
        try TestService.run { service in
            let (model, target, half) = (ModelClient(service), ModelClient(service, "target"), ModelClient(service, "half"))
            for model in [model, target, half] { try model.create(#"{"dimension":2}"#) }
            try learn(model, pair, Array(Self.rows[..<2]))
            try learn(half, [pair[1]], [[2, 2]])
            for target in [target, half] {
                let reply = try model.client.send(
                    "POST", target.path + "/merge", model.snapshot().body, contentType: "application/vnd.safetensors")
                #expect(reply.status == 200 && reply["classes"].int == 2)
            }
            #expect(try classes(model.client, "target") == bytes(pair))
            #expect(try classes(model.client, "half") == bytes(pair.reversed()))
            let counts = try model.client.send("GET", half.path + "/classes")["classes"].array?.compactMap { $0["count"].int }
            #expect(counts == [2, 1])
        }
    }

    @Test(arguments: pairs) func renaming_ontoTheOtherSpellingIsAConflict(_ pair: [String]) throws {
        try TestService.run { service in
            let model = ModelClient(service)
            try model.create(#"{"dimension":2}"#)
            try learn(model, pair + ["x"])
            for (one, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
                #expect(try model.client.send("PATCH", model.path + "/classes/\(path(one))", #"{"label":"\#(other)"}"#).status == 409)
            }
            #expect(try classes(model.client, "m") == bytes(pair + ["x"]))
            // If the other does not exist, the spelling can be changed.
            #expect(try model.client.send("DELETE", model.path + "/classes/\(path(pair[0]))").status == 200)
            #expect(try model.client.send("PATCH", model.path + "/classes/\(path(pair[1]))", #"{"label":"\#(pair[0])"}"#).status == 200)
            #expect(try classes(model.client, "m") == bytes([pair[0], "x"]))
        }
    }

    @Test(arguments: pairs) func evaluation_tellsThemApart(_ pair: [String]) throws {
        try TestService.run { service in
            let model = ModelClient(service)
            try model.create(#"{"dimension":2}"#)
            try learn(model, pair, Array(Self.rows[..<2]))
            // The other way round: all wrong.
            for _ in 0..<3 { try learn(model, [pair[1]], [[1, 0]]) }
            let evaluation = try model.details()["evaluation"]
            let confusion = (evaluation["confusion"].array ?? []).filter { entry in
                bytes([entry["label"].string ?? ""]) != bytes([entry["predicted"].string ?? ""])
            }
            #expect(confusion.count == 1)
            #expect(bytes([confusion.first?["label"].string ?? ""]) == bytes([pair[1]]))
            #expect(bytes([confusion.first?["predicted"].string ?? ""]) == bytes([pair[0]]))
            #expect(bytes((evaluation["classes"].array ?? []).compactMap { $0["label"].string }) == bytes(pair))
            let infer = try model.client.send(
                "POST", "/v2/models/m/infer",
                #"{"inputs":[{"name":"features","datatype":"FP64","shape":[1,2],"data":[0,1]}],"outputs":[{"name":"label"}]}"#)
            #expect(bytes([infer["outputs"][0]["data"][0].string ?? ""]) == bytes([pair[1]]))
        }
    }
}
