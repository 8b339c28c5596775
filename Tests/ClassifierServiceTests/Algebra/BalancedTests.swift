import TensorFormats
import Testing

/// Balanced weights in service: named in every answer, restored bit for bit, refreshed on request and in the background.
@Suite struct BalancedTests {
    private func longTail(_ generator: inout SeededGenerator) -> (features: [[Double]], labels: [String]) {
        let labels = (0..<120).map { $0 < 90 ? "head" : $0 < 112 ? "middle" : "tail" }.shuffled(using: &generator)
        let features = labels.map { label in
            (0..<6).map { index in generator.normal() + (index == ["head": 0, "middle": 1, "tail": 2][label] ? 2 : 0) }
        }
        return (features, labels)
    }

    @Test(arguments: [#"{"kind":"pseudo_features","cap":16,"seed":5}"#, #"{"kind":"reweight"}"#, #"{"kind":"discriminant","seed":5}"#])
    func answersSayWhichWeights_andARestoredModelPredictsTheSameBits(imbalance: String) throws {
        try TestService.run { service in
            var generator = SeededGenerator(seed: 6)
            let model = ModelClient(service)
            try model.create(#"{"dimension":6,"imbalance":\#(imbalance)}"#)
            let data = longTail(&generator)
            try model.learn(data.features, data.labels)
            let refreshed = try model.client.send("POST", model.path + "/rebalance")
            #expect(refreshed.status == 200 && refreshed["balanced_version"].int == 1, "\(refreshed.text)")
            let body = Bodies.predict(data.features, top: 3)
            let balanced = try model.client.send("POST", model.path + "/predict", body)
            #expect(balanced["weights"].string == "balanced" && balanced["balanced_version"].int == 1)
            let plain = try model.client.send("POST", model.path + "/predict?weights=plain", body)
            #expect(plain["weights"].string == "plain" && plain["balanced_version"] == .null)
            #expect(plain["predictions"] != balanced["predictions"])
            #expect(try model.client.send("POST", model.path + "/predict?weights=other", body).status == 400)

            let copy = ModelClient(service, "copy")
            #expect(try copy.restore(try model.snapshot().body).status == 201)
            let restored = try copy.client.send("POST", copy.path + "/predict", body)
            #expect(restored["predictions"] == balanced["predictions"])
            try copy.client.send("POST", copy.path + "/rebalance")
            #expect(try copy.client.send("POST", copy.path + "/predict", body)["predictions"] == balanced["predictions"])
        }
    }

    @Test func theRefreshInTheBackground_catchesUp() throws {
        try TestService.run { service in
            var generator = SeededGenerator(seed: 7)
            let model = ModelClient(service)
            try model.create(#"{"dimension":6,"imbalance":{"kind":"pseudo_features"}}"#)
            let data = longTail(&generator)
            for start in stride(from: 0, to: 120, by: 10) {
                try model.learn(Array(data.features[start..<(start + 10)]), Array(data.labels[start..<(start + 10)]))
            }
            // It comes without a request.
            #expect(service.wait { (try? model.predict([data.features[0]]))?["balanced_version"].int == 12 })
        }
    }

    @Test func imbalance_isSwitchedWithoutLosingData() throws {
        try TestService.run { service in
            var generator = SeededGenerator(seed: 8)
            let data = longTail(&generator)
            let plain = ModelClient(service, "plain")
            try plain.create(#"{"dimension":6}"#)
            try plain.learn(data.features, data.labels)
            #expect(try plain.client.send("POST", plain.path + "/rebalance").status == 409)
            #expect(try plain.client.send("PATCH", plain.path, #"{"imbalance":{"kind":"reweight"}}"#).status == 409)
            let patched = try plain.client.send("PATCH", plain.path, #"{"imbalance":{"kind":"pseudo_features","seed":3}}"#)
            #expect(patched.status == 200 && patched["config"]["imbalance"]["seed"].int == 3, "\(patched.text)")
            #expect(try plain.client.send("POST", plain.path + "/rebalance").status == 200)
            // The same as a model created that way.
            let direct = ModelClient(service, "direct")
            try direct.create(#"{"dimension":6,"imbalance":{"kind":"pseudo_features","seed":3}}"#)
            try direct.learn(data.features, data.labels)
            try direct.client.send("POST", direct.path + "/rebalance")
            #expect(try plain.predict(data.features)["predictions"] == direct.predict(data.features)["predictions"])
        }
    }

    @Test func progressiveEvaluation_isWhatTheAnswersSaid() throws {
        try TestService.run { service in
            var generator = SeededGenerator(seed: 9)
            let model = ModelClient(service)
            try model.create(#"{"dimension":6}"#)
            let data = longTail(&generator)
            var (rows, correct) = (0, 0.0)
            for start in stride(from: 0, to: 120, by: 12) {
                let (features, labels) = (Array(data.features[start..<(start + 12)]), Array(data.labels[start..<(start + 12)]))
                guard let accuracy = try model.learn(features, labels)["accuracy_before"].double else { continue }
                rows += 12
                correct += accuracy * 12
            }
            let evaluation = try model.details()["evaluation"]
            #expect(evaluation["evaluated_samples"].int == rows && rows == 108)
            #expect(abs((evaluation["accuracy"].double ?? -1) - correct / Double(rows)) < 1e-12)
            #expect(evaluation["window"]["samples"].int == rows)
            let confusions = evaluation["confusion"].array ?? []
            #expect(confusions.reduce(0) { $0 + ($1["count"].int ?? 0) } == rows)
            let right = confusions.filter { $0["label"] == $0["predicted"] }.reduce(0) { $0 + ($1["count"].int ?? 0) }
            #expect(Double(right) == correct.rounded())
        }
    }
}
