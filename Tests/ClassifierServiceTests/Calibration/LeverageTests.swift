import AnalyticLearning
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService
@testable import HTTPServer
@testable import ModelHost

/// `?leverage=true`: how far rows lie from those learned.
@Suite struct LeverageTests {
    private func predict(_ model: ModelClient, _ features: [[Double]], _ query: String = "?leverage=true") throws -> Reply {
        try model.client.send("POST", model.path + "/predict" + query, Bodies.predict(features, top: 2))
    }

    private func leverages(_ reply: Reply) -> [Double] { (reply["predictions"].array ?? []).compactMap { $0["leverage"].double } }

    private func isClose(_ values: [Double], _ expected: [Double]) -> Bool {
        values.count == expected.count && zip(values, expected).allSatisfy { abs($0 - $1) < 1e-9 * max(1, abs($1)) }
    }

    @Test func leverageIsWhatOneCanComputeByHand() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2,"ridge":1}"#)
        #expect(try predict(model, [[1, 0]]).status == 409)
        // G = diag(3, 0): R = diag(1/4, 1).
        try model.learn([[1, 0], [1, 0], [1, 0]], ["a", "b", "a"])
        let rows = [[1.0, 0], [0, 1], [0, 2], [4, 1], [0, 0]]
        let reply = try predict(model, rows)
        #expect(reply.status == 200 && reply["version"].int == 1)
        #expect(isClose(leverages(reply), [0.25, 1, 4, 5, 0]), "\(reply.text)")
        // Everything else is the same as without it.
        let plain = try predict(model, rows, "")
        #expect(!plain.text.contains("leverage"))
        for row in 0..<5 {
            for key in ["label", "score", "top"] { #expect(reply["predictions"][row][key] == plain["predictions"][row][key]) }
        }
        // Another learned row shows at once.
        try model.learn([[0, 1]], ["b"])
        #expect(isClose(leverages(try predict(model, [[0, 1]])), [0.5]))
        // Both together, and in other formats.
        let both = try predict(model, [[0, 1]], "?leverage=true&probability=true")
        #expect(both.json.object?["calibration"] == .null && isClose(leverages(both), [0.5]))
        let lines = try model.client.send(
            "POST", model.path + "/predict?leverage=true&top=1", "{\"features\":[0,1]}\n{\"features\":[2,0]}\n",
            contentType: "application/x-ndjson")
        #expect(isClose(leverages(lines), [0.5, 1]) && lines["predictions"][0]["top"].array?.count == 1)
    }

    /// Compute threads read large bodies; values beyond Float32 take yet another path.
    @Test func largeBodiesAndLargeValuesHaveItToo() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":64,"ridge":1}"#)
        var generator = SeededGenerator(seed: 8)
        let learned = (0..<100).map { _ in (0..<64).map { _ in Double(Float(generator.normal())) } }
        try model.learn(learned, learned.indices.map { "c\($0 % 5)" })
        let rows = (0..<1024).map { _ in (0..<64).map { _ in Double(Float(generator.normal())) } }
        let (reply, plain) = (try predict(model, rows), try predict(model, rows, ""))
        #expect(leverages(reply).count == 1024)
        // Each subscript of a reply parses it again.
        func scores(_ reply: Reply) -> [Double] { (reply["predictions"].array ?? []).compactMap { $0["score"].double } }
        #expect(scores(reply) == scores(plain))
        let some = try predict(model, Array(rows[100..<110]))
        #expect(isClose(leverages(some), Array(leverages(reply)[100..<110])))
        // 10⁸⁰ times the leverage for 10⁴⁰ times the row.
        let large = try predict(model, rows[..<3].map { $0.map { $0 * 1e40 } })
        #expect(isClose(leverages(large).map { $0 / 1e80 }, Array(leverages(reply)[..<3])), "\(large.text)")
        let refused = try predict(model, rows + [rows[0]])
        #expect(refused.status == 400)
        #expect(refused.problemDetail.contains("1025 rows") && refused.problemDetail.contains("at most 1024"))
    }

    @Test func itWaitsForItsTurn_andPredictionsWithoutDoNot() throws {
        let service = try TestService()
        let held = try HeldModel(service, ridge: 1e-9, value: 1e6)
        let hold = try held.hold()
        let learning = try held.beginLearn()
        #expect(service.waitForJobs(1, of: held.name))
        let row = [Double](repeating: 0.5, count: held.dimension)
        let client = service.client()
        try client.begin("POST", held.model.path + "/predict?leverage=true", Bodies.predict([row]))
        #expect(service.waitForJobs(2, of: held.name))
        #expect(try held.model.predict([row])["version"].int == 1)
        hold.end()
        #expect(try learning.readReply()["version"].int == 2)
        let reply = try client.readReply()
        #expect(reply.status == 200 && reply["version"].int == 2)
        // This model's rows have rank one, far below working precision: R has directions missing.
        #expect(reply["predictions"][0].object?["leverage"] == .null, "\(reply.text)")
    }

    @Test func aModelThatIsDeletedMeanwhileSaysSo() throws {
        let service = try TestService()
        let held = try HeldModel(service)
        let hold = try held.hold()
        let (client, other) = (service.client(), service.client())
        let row = [Double](repeating: 1, count: held.dimension)
        try client.begin("POST", held.model.path + "/predict?leverage=true", Bodies.predict([row]))
        #expect(service.waitForJobs(1, of: held.name))
        try other.begin("DELETE", held.model.path)
        #expect(try client.readReply().status == 404)
        hold.end()
        #expect(try other.readReply().status == 204)
    }

    @Test(arguments: ["leverage", "probability"]) func flagsAreTrueOrFalse(name: String) throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":1}"#)
        try model.learn([[1], [2]], ["a", "b"])
        for value in ["1", "yes", "", "TRUE"] {
            let reply = try predict(model, [[1]], "?\(name)=\(value)")
            #expect(reply.status == 400 && reply.problemDetail.contains("\"\(name)\" is \"\(value)\", expected true or false"))
        }
        #expect(try predict(model, [[1]], "?\(name)=false").text == (try predict(model, [[1]], "").text))
    }
}
