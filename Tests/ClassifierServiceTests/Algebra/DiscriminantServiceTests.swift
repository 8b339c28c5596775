import TensorFormats
import Testing

/// The `discriminant` of a running service: a new class is predicted after its first row, and details, events and snapshots agree.
@Suite struct DiscriminantServiceTests {
    private struct Stream {
        private var generator: SeededGenerator
        private let centers: [[Double]]

        init(seed: UInt64) {
            var generator = SeededGenerator(seed: seed)
            centers = (0..<5).map { _ in (0..<12).map { _ in 1.5 * generator.normal() } }
            self.generator = generator
        }

        mutating func rows(_ count: Int, of classes: [Int]) -> (features: [[Double]], labels: [String]) {
            let chosen = (0..<count).map { classes[$0 % classes.count] }
            return (chosen.map { label in centers[label].map { $0 + generator.normal() } }, chosen.map { "c\($0)" })
        }
    }

    private static let configuration = #"{"dimension":12,"imbalance":{"kind":"discriminant"}}"#

    @Test func aNewClass_isPredictedByTheNextRequest() throws {
        try TestService.run { service in
            var stream = Stream(seed: 3)
            let model = ModelClient(service)
            let created = try model.create(Self.configuration)
            #expect(created["config"]["imbalance"]["false_share"].double == 0.02 && created["config"]["imbalance"]["seed"].int == 0)
            let early = stream.rows(400, of: [0, 1, 2, 3])
            try model.learn(early.features, early.labels)
            var learned = stream.rows(1, of: [4])
            // A pause of nine times the last refresh is short.
            #expect(service.wait { (try? model.details())?["balanced_version"].int == 1 })
            let probes = stream.rows(40, of: [4]).features
            let before = try model.learn(learned.features, learned.labels)
            #expect(service.wait { (try? model.predict([probes[0]]))?["balanced_version"].int == before["version"].int })
            learned = stream.rows(2, of: [4])
            try model.learn(learned.features, learned.labels)
            #expect(service.wait { (try? model.predict([probes[0]]))?["balanced_version"].int == 3 })
            func recall(_ query: String) throws -> Int {
                let reply = try model.client.send("POST", model.path + "/predict" + query, Bodies.predict(probes))
                return try #require(reply["predictions"].array).filter { $0["label"].string == "c4" }.count
            }
            let (balanced, plain) = (try recall(""), try recall("?weights=plain"))
            #expect(balanced >= 30 && plain <= balanced - 15, "\(balanced) of 40 by the discriminant, \(plain) by the plain weights")
        }
    }

    @Test func itIsSwitchedOnAndOff_deletedFrom_andRenamedIn() throws {
        try TestService.run { service in
            var stream = Stream(seed: 4)
            let model = ModelClient(service)
            try model.create(#"{"dimension":12}"#)
            let data = stream.rows(150, of: [0, 1, 2])
            try model.learn(data.features, data.labels)
            let patched = try model.client.send("PATCH", model.path, #"{"imbalance":{"kind":"discriminant","false_share":0.1}}"#)
            #expect(patched.status == 200 && patched["config"]["imbalance"]["false_share"].double == 0.1, "\(patched.text)")
            #expect(try model.client.send("POST", model.path + "/rebalance").status == 200)
            #expect(try model.client.send("DELETE", model.path + "/classes/c1").status == 200)
            let rest = try model.predict(data.features, top: 2)
            #expect(rest["weights"].string == "balanced", "the other classes keep their scores until the refresh")
            #expect(try #require(rest["predictions"].array).allSatisfy { $0["label"].string != "c1" })
            #expect(try model.client.send("PATCH", model.path + "/classes/c2", #"{"label":"two"}"#).status == 200)
            #expect(try model.client.send("POST", model.path + "/rebalance").status == 200)
            #expect(try model.predict([data.features[2]])["predictions"][0]["label"].string == "two")
            #expect(try model.client.send("PATCH", model.path, #"{"imbalance":{"kind":"none"}}"#).status == 200)
            #expect(try model.predict(data.features)["weights"].string == "plain")
        }
    }

    @Test func aStateThatHasNone_saysWhy_andPredictsByThePlainWeights() throws {
        try TestService.run { service in
            let model = ModelClient(service)
            try model.create(#"{"dimension":3,"ridge":1e-12,"imbalance":{"kind":"discriminant"}}"#)
            let rows: [[Double]] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
            for _ in 0..<3 { try model.learn(rows, ["a", "b", "c"]) }
            #expect(service.wait { (try? model.details())?["balanced_unavailable"].string != nil })
            let details = try model.details()
            #expect(details["balanced_unavailable"].string?.contains("ridge") == true && details["balanced_version"] == .null)
            #expect(try model.predict([rows[1]])["weights"].string == "plain")
            let reply = try model.client.send("POST", model.path + "/rebalance")
            #expect(reply.status == 422 && reply.text.contains("no balanced weights"), "\(reply.text)")
            #expect(try model.client.send("PATCH", model.path, #"{"ridge":1}"#).status == 200)
            #expect(try model.client.send("POST", model.path + "/rebalance").status == 200)
            #expect(try model.details()["balanced_unavailable"].string == nil)
        }
    }

    @Test func aSnapshotThatContradictsItself_isRefused() throws {
        try TestService.run { service in
            var stream = Stream(seed: 5)
            let model = ModelClient(service)
            try model.create(Self.configuration)
            let data = stream.rows(60, of: [0, 1, 2])
            try model.learn(data.features, data.labels)
            try model.client.send("POST", model.path + "/rebalance")
            let good = try EditedSnapshot(try model.snapshot().body)
            for name in ["discriminant.center", "discriminant.mean", "discriminant.precision", "discriminant.class"] {
                var snapshot = good
                snapshot[name] = nil
                let refused = try ModelClient(service, "copy").restore(try snapshot.encoded())
                #expect(refused.status == 400 && refused.text.contains(name), "\(refused.text)")
            }
            // Without any of them there is none yet, as in a snapshot of an older format.
            var without = good
            for name in ["weight", "center", "mean", "precision", "class"] { without["discriminant." + name] = nil }
            without.setMetadata("balanced_version", nil)
            #expect(try ModelClient(service, "copy").restore(try without.encoded()).status == 201)
        }
    }
}
