import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// Predictions whose scores or answers are many times larger than their body.
@Suite struct LargeAnswerTests {
    private static func ones(_ rows: Int) -> [[Double]] { [[Double]](repeating: [1], count: rows) }

    @Test func answerThatIsTooLarge_isRefused() throws {
        let service = try TestService()
        let model = ModelClient(service)
        #expect(try model.create(#"{"dimension":1}"#).status == 201)
        let labels = (0..<200).map { String(repeating: "x", count: 1000) + "\($0)" }
        #expect(try model.learn(Self.ones(200), labels).status == 200)
        let refused = try model.predict(Self.ones(1000), top: 200)
        #expect(refused.status == 422 && refused.text.contains("67108864"), "\(refused.text.prefix(300))")
        let answered = try model.predict(Self.ones(10), top: 200)
        #expect(answered.status == 200 && answered["predictions"].array?.count == 10)
    }

    @Test func answersShareTheirMemory() throws {
        let service = try TestService {
            $0.server.maximumTotalAnswerMemory = 1 << 20
            // The client that does not read stays, however slowly others are answered here.
            $0.server.writeTimeout = 3600
        }
        let model = ModelClient(service)
        #expect(try model.create(#"{"dimension":1}"#).status == 201)
        let labels = (0..<200).map { String(repeating: "x", count: 1000) + "\($0)" }
        #expect(try model.learn(Self.ones(200), labels).status == 200)
        // A client that does not read holds its answer; the learn's answer was sent and released.
        #expect(service.wait { service.answerMemory == 0 })
        let slow = service.client()
        try slow.connect(receiveBuffer: 4096)
        try slow.begin("POST", model.path + "/predict", Bodies.predict(Self.ones(100), top: 200))
        #expect(service.wait { service.answerMemory > 0 })
        let refused = try model.predict(Self.ones(10), top: 200)
        #expect(refused.status == 503 && refused.problemDetail.contains("memory"), "\(refused.text.prefix(300))")
        #expect(refused.fields["retry-after"] == "1")
        let inference = try InferenceClient(client: service.client()).infer(InferenceClient.json(Self.ones(200)))
        #expect(inference.status == 503 && inference.inferenceError.contains("memory"), "\(inference.text.prefix(300))")
        // A learn is answered, however large the answer is.
        let learned = try model.learn(Self.ones(100), labels.prefix(100).map { "new " + $0 })
        #expect(learned.status == 200 && learned["new_classes"].array?.count == 100, "\(learned.text.prefix(300))")
        #expect(try model.predict(Self.ones(1)).status == 200)
        slow.disconnect(byReset: true)
        #expect(service.wait { service.answerMemory == 0 })
        #expect(try model.predict(Self.ones(10), top: 200).status == 200)
    }

    @Test func rowsOfManyBlocks_areAnsweredInOrder() throws {
        let service = try TestService()
        let model = ModelClient(service)
        #expect(try model.create(#"{"dimension":1,"feature_map":{"kind":"random_relu","width":4096,"seed":1},"ridge":1}"#).status == 201)
        #expect(try model.learn([[1], [-1]], ["up", "down"]).status == 200)
        // Blocks have 256 rows.
        let rows = (0..<1000).map { [$0 % 3 == 0 ? 1.0 : -1.0] }
        let predictions = try model.predict(rows)["predictions"].array ?? []
        #expect(predictions.map { $0["label"].string } == rows.map { $0[0] > 0 ? "up" : "down" })
    }
}
