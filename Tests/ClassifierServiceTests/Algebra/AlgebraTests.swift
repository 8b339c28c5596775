import TensorFormats
import Testing

/// Unlearn, merge, a new ridge, classes renamed and deleted: over HTTP, against joint solutions written in the test.
@Suite struct AlgebraTests {
    private static let dimension = 12

    private func rows(_ count: Int, _ generator: inout SeededGenerator) -> (features: [[Double]], labels: [String]) {
        let labels = (0..<count).map { _ in "class \(Int.random(in: 0..<4, using: &generator))/%" }
        let features = labels.map { label in
            let shift = Double(label.utf8.dropFirst(6).first! - UInt8(ascii: "0"))
            return (0..<Self.dimension).map { $0 % 4 == Int(shift) ? 1 + generator.normal() : generator.normal() }
        }
        return (features, labels)
    }

    private func difference(_ model: ModelClient, _ joint: JointSolution) throws -> Double {
        let snapshot = try EditedSnapshot(try model.snapshot().body)
        return joint.relativeDifference(from: snapshot.elements("weight"), labels: snapshot.labels)
    }

    @Test func unlearningA_leavesWhatLearningBAloneGives() throws {
        try TestService.run { service in
            var generator = SeededGenerator(seed: 1)
            for trial in 0..<10 {
                let model = ModelClient(service, "u\(trial)")
                try model.create(#"{"dimension":12}"#)
                let (a, b) = (rows(Int.random(in: 1...60, using: &generator), &generator), rows(80, &generator))
                // Classes appear in B's order, so that both models know the same ones.
                try model.learn(b.features, b.labels)
                try model.learn(a.features, a.labels)
                let reply = try model.client.send("POST", model.path + "/unlearn", Bodies.learn(a.features, a.labels))
                #expect(reply.status == 200, "\(reply.text)")
                #expect(reply["rows"].int == a.labels.count && reply["samples"].int == 80 && reply["version"].int == 3)
                var joint = JointSolution(ridge: 0.1)
                joint.learn(b.features, b.labels)
                #expect(try difference(model, joint) < 1e-8)
            }
        }
    }

    @Test func rowsThatWereNeverLearned_areRefusedAndChangeNothing() throws {
        try TestService.run { service in
            var generator = SeededGenerator(seed: 2)
            let model = ModelClient(service)
            try model.create(#"{"dimension":12}"#)
            let data = rows(50, &generator)
            try model.learn(data.features, data.labels)
            let before = try model.state(probe: data.features[0])
            let foreign = data.features[0].map { $0 * 100 }
            for (features, labels, word) in [
                ([foreign], [data.labels[0]], "cannot have been learned"), ([data.features[0]], ["other"], "other"),
                (Array(repeating: data.features[0], count: 51), Array(repeating: data.labels[0], count: 51), "51"),
            ] {
                let reply = try model.client.send("POST", model.path + "/unlearn", Bodies.learn(features, labels))
                #expect(reply.status == 422)
                #expect(reply.problemDetail.contains(word), "\(reply.text)")
            }
            #expect(try model.state(probe: data.features[0]) == before)
        }
    }

    @Test(arguments: [2, 5, 16]) func mergedShards_equalOneStream(shards: Int) throws {
        try TestService.run { service in
            var generator = SeededGenerator(seed: 3)
            let config = #"{"dimension":12,"imbalance":{"kind":"reweight"}}"#
            var joint = JointSolution(ridge: 0.1)
            let target = ModelClient(service, "target")
            try target.create(config)
            for shard in 0..<shards {
                let model = ModelClient(service, "shard-\(shard)")
                try model.create(config)
                let data = rows(Int.random(in: 20...60, using: &generator), &generator)
                try model.learn(data.features, data.labels)
                joint.learn(data.features, data.labels)
                let reply = try target.client.send("POST", target.path + "/merge", try model.snapshot().body)
                #expect(reply.status == 200, "\(reply.text)")
                #expect(reply["rows"].int == data.labels.count && reply["samples"].int == joint.samples)
            }
            #expect(try difference(target, joint) < 1e-9)
            let other = ModelClient(service, "other")
            try other.create(#"{"dimension":11}"#)
            try other.learn([Array(repeating: 1, count: 11)], ["x"])
            let refused = try target.client.send("POST", target.path + "/merge", try other.snapshot().body)
            #expect(refused.status == 409)
            #expect(refused.problemDetail.contains("dimension"))
        }
    }

    @Test func anotherRidge_isExact_andTheWayBackToo() throws {
        try TestService.run { service in
            var generator = SeededGenerator(seed: 4)
            let model = ModelClient(service)
            try model.create(#"{"dimension":12}"#)
            let data = rows(300, &generator)
            try model.learn(data.features, data.labels)
            for exponent in [-5, 5, -3, 2, 0] {
                let reply = try model.client.send("PATCH", model.path, #"{"ridge":1e\#(exponent)}"#)
                #expect(reply.status == 200, "\(reply.text)")
                var joint = JointSolution(ridge: Self.power(exponent))
                joint.learn(data.features, data.labels)
                #expect(try difference(model, joint) < 1e-9, "ridge 1e\(exponent)")
            }
            #expect(try model.client.send("PATCH", model.path, #"{"ridge":0}"#).status == 400)
            #expect(try model.client.send("PATCH", model.path, #"{}"#).status == 400)
            #expect(try model.client.send("PATCH", model.path, #"{"dimension":3}"#).problemDetail.contains("dimension"))
        }
    }

    private static func power(_ exponent: Int) -> Double {
        exponent < 0 ? 1 / (0..<(-exponent)).reduce(1.0) { value, _ in value * 10 } : (0..<exponent).reduce(1.0) { value, _ in value * 10 }
    }

    @Test func classes_areListedRenamedAndDeleted() throws {
        try TestService.run { service in
            let model = ModelClient(service)
            try model.create(#"{"dimension":2}"#)
            try model.learn([[1, 0], [0, 1], [1, 1]], ["a/b", "c d", "c d"])
            let list = try model.client.send("GET", model.path + "/classes")
            #expect(list["classes"][0]["label"].string == "a/b" && list["classes"][0]["count"].int == 1)
            #expect(list["classes"][1]["label"].string == "c d" && list["classes"][1]["count"].int == 2)
            #expect(try model.client.send("PATCH", model.path + "/classes/a%2Fb", #"{"label":"c d"}"#).status == 409)
            #expect(try model.client.send("PATCH", model.path + "/classes/none", #"{"label":"x"}"#).status == 404)
            #expect(try model.client.send("PATCH", model.path + "/classes/a%2Fb", #"{"label":""}"#).status == 400)
            #expect(try model.client.send("PATCH", model.path + "/classes/a%2Fb", #"{"label":"ä"}"#).status == 200)
            #expect(try model.predict([[1, -1]])["predictions"][0]["label"].string == "ä")
            let deleted = try model.client.send("DELETE", model.path + "/classes/c%20d")
            #expect(deleted.status == 200 && deleted["rows_of_no_class"].int == 2, "\(deleted.text)")
            #expect(try model.client.send("DELETE", model.path + "/classes/c%20d").status == 404)
            let details = try model.details()
            #expect(details["classes"].int == 1 && details["samples"].int == 3)
            // The rest is the joint solution with all-zero targets for the deleted rows: (G + λI) w = h of the first row.
            let snapshot = try EditedSnapshot(try model.snapshot().body)
            let weight: [Double] = snapshot.elements("weight")
            let (a, b, d) = (2.1, 1.0, 2.1)
            #expect(abs(weight[0] - d / (a * d - b * b)) < 1e-12 && abs(weight[1] + b / (a * d - b * b)) < 1e-12)
        }
    }
}
