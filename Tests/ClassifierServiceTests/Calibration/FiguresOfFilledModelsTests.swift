import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// What a model reports that was filled by one request, by a restart after a crash, or by a merge; and what it leaves open.
@Suite struct FiguresOfFilledModelsTests {
    private let models = KeptModels()
    private static let figures = ["evaluation", "calibration", "race"]

    private func rows(_ count: Int, seed: UInt64) -> (features: [[Double]], labels: [String]) {
        var generator = SeededGenerator(seed: seed)
        let classes = (0..<count).map { _ in Int.random(in: 0..<3, using: &generator) }
        let features = classes.map { label in (0..<5).map { generator.normal() + ($0 % 3 == label ? 1.5 : 0) } }
        return (features, classes.map { "c\($0)" })
    }

    private func figures(_ model: ModelClient) throws -> [JSONValue] {
        let details = try model.details()
        return Self.figures.map { details[$0] }
    }

    private func expectClose(_ one: JSONValue, _ other: JSONValue, _ place: String) {
        switch (one, other) {
        case (.object(let a), .object(let b)):
            #expect(a.entries.map(\.key) == b.entries.map(\.key), "\(place)")
            for (a, b) in zip(a.entries, b.entries) { expectClose(a.value, b.value, place + "." + a.key) }
        case (.array(let a), .array(let b)):
            #expect(a.count == b.count, "\(place)")
            for (index, (a, b)) in zip(a, b).enumerated() { expectClose(a, b, "\(place)[\(index)]") }
        default:
            guard let a = one.double, let b = other.double else { return #expect(one == other, "\(place)") }
            #expect(abs(a - b) <= 1e-6 * (1 + abs(b)), "\(place): \(a) and \(b)")
        }
    }

    @Test func oneRequest_aCrash_andAMerge_giveFigures() throws {
        let service = try models.start()
        let model = ModelClient(service.client())
        try model.create(#"{"dimension":5}"#)
        let (features, labels) = rows(1500, seed: 4)
        let answer = try model.learn(features, labels)
        #expect(answer.json.object?["accuracy_before"] == .null && answer.json.object?["served_accuracy_before"] == .null)
        let live = try figures(model)
        let details = try model.details()
        #expect(details["evaluation"]["evaluated_samples"].int == 1300 && details["calibration"]["samples"].int == 1300)
        #expect((0.6...1).contains(details["evaluation"]["accuracy"].double ?? 0) && details["calibration"]["temperature"].double != nil)
        #expect(details["race"].array?.first?["samples"].int == 1100)
        // As after a crash: everything is in the log.
        let copy = KeptModels()
        try models.copy(to: copy.path)
        let recovered = try copy.start()
        for (name, (one, other)) in zip(Self.figures, zip(try figures(ModelClient(recovered.client())), live)) {
            expectClose(one, other, name)
        }
        // A merge into an empty model.
        let merged = ModelClient(model.client, "merged")
        try merged.create(#"{"dimension":5}"#)
        let snapshot = try model.snapshot().body
        let reply = try model.client.send("POST", merged.path + "/merge", snapshot, contentType: "application/vnd.safetensors")
        #expect(reply.status == 200)
        #expect(try figures(merged) == live)
        // After its checkpoint too.
        let second = KeptModels()
        try models.copy(to: second.path)
        #expect(try figures(ModelClient(second.start().client(), "merged")) == live)
    }

    /// 150 rows of one request leave nothing to report: null, or no sample, in every format.
    @Test func whatIsNotKnown_isNull() throws {
        let service = try models.start()
        let model = ModelClient(service.client())
        try model.create(#"{"dimension":5}"#)
        let (features, labels) = rows(150, seed: 5)
        try model.learn(features, labels)
        let details = try model.details()
        #expect(details["evaluation"]["evaluated_samples"].int == 0)
        #expect(details["evaluation"].object?["accuracy"] == .null && details["evaluation"].object?["balanced_accuracy"] == .null)
        #expect(details.json.object?["calibration"] == .null && details["race"].array?.isEmpty != false)
        for entry in details["evaluation"]["classes"].array ?? [] { #expect(entry.object?["accuracy"] == .null) }
        #expect(try model.client.send("GET", model.path + "/history")["points"].array?.isEmpty == true)
        let metrics = try model.client.send("GET", "/metrics").text
        #expect(metrics.contains(#"accrue_model_evaluated_samples{model="m",scope="stream"} 0"#))
        for family in ["accuracy_ratio", "balanced_accuracy_ratio", "calibration_temperature", "race_samples"] {
            #expect(!metrics.contains("accrue_model_\(family){"), "\(family)")
        }
        #expect(!metrics.contains("NaN"))
        let reply = try model.client.send("POST", model.path + "/predict?probability=true", Bodies.predict([features[0]]))
        #expect(reply.json.object?["calibration"] == .null)
    }
}
