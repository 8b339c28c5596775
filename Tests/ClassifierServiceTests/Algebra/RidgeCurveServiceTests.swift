import AnalyticLearning
import ModelHost
import TensorFormats
import Testing

@testable import ClassifierService

/// `GET /v1/models/{model}/ridge`. The figures themselves are tested in the engine, and in random histories.
@Suite struct RidgeCurveServiceTests {
    private func fill(_ model: ModelClient, rows: Int = 60) throws {
        #expect(try model.create(#"{"dimension":3,"ridge":0.5}"#).status == 201)
        let features = (0..<rows).map { (row: Int) -> [Double] in [Double(row % 7) / 7, Double(row % 3), Double(row % 11) / 5] }
        #expect(try model.learn(features, (0..<rows).map { "\($0 % 2)" }).status == 200)
    }

    private func curve(_ model: ModelClient) throws -> Reply { try model.client.send("GET", model.path + "/ridge") }

    @Test func curve_isThatOfTheState() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try fill(model)
        let reply = try curve(model)
        #expect(reply.status == 200, "\(reply.text)")
        #expect(reply["model"].string == "m" && reply["version"].int == 1 && reply["samples"].int == 60 && reply["ridge"].double == 0.5)
        #expect(reply["curve_version"].int == 1 && reply["curve_samples"].int == 60)
        let ridges = try #require(reply["curve"].array).compactMap { $0["ridge"].double }
        #expect(ridges == ridges.sorted() && ridges.contains(0.5) && ridges.count == 17)
        let least = try #require(reply["minimum"]["generalized_cross_validation"].double)
        let values = try #require(reply["curve"].array).compactMap { $0["generalized_cross_validation"].double }
        #expect(values.allSatisfy { $0 >= least * (1 - 1e-9) })
        #expect(try model.client.send("HEAD", model.path + "/ridge").status == 200)
    }

    @Test func curve_servesUntilTheModelHasGrownByATenth_orWasChanged() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try fill(model)
        #expect(try curve(model)["curve_version"].int == 1)
        try model.learn([[1, 0, 0], [0, 1, 0]], ["0", "1"])
        var reply = try curve(model)
        #expect(reply["curve_version"].int == 1 && reply["version"].int == 2 && reply["samples"].int == 62)
        try model.learn((0..<10).map { [1, 0, Double($0)] }, [String](repeating: "0", count: 10))
        // After a computation none follows for as long as it took: the old curve may serve once more.
        repeat { reply = try curve(model) } while reply["curve_version"].int == 1
        #expect(reply["curve_version"].int == 3 && reply["curve_samples"].int == 72)
        #expect(try model.client.send("PATCH", model.path, #"{"ridge":2}"#).status == 200)
        reply = try curve(model)
        #expect(reply["ridge"].double == 2 && reply["curve_version"].int == 4)
        // A restored state is another one, even at the version of the old one.
        let snapshot = try model.snapshot().body
        #expect(try model.restore(snapshot).status == 200)
        reply = try curve(model)
        #expect(reply["curve_version"] == reply["version"])
    }

    @Test func modelsWithoutRows_andUnknownOnes_areRefused() throws {
        let service = try TestService()
        let model = ModelClient(service)
        #expect(try curve(model).status == 404)
        try model.create(#"{"dimension":2}"#)
        let reply = try curve(model)
        #expect(reply.status == 409 && reply.text.contains("has learned no rows"), "\(reply.text)")
    }

    @Test func curveThatDoesNotFitInMemory_isRefused() throws {
        // Room for the model, but not for another square.
        let configuration = ModelConfiguration(dimension: 256)
        let (model, curve) = (configuration.estimatedBytes(classes: 4), configuration.estimatedRidgeBytes(classes: 4))
        let limit = try #require(model) + #require(curve) / 2
        let service = try TestService { $0.host.maximumMemory = limit }
        let client = ModelClient(service)
        try client.create(#"{"dimension":256}"#)
        try client.learn([[Double](repeating: 1, count: 256), [Double](repeating: -1, count: 256)], ["a", "b"])
        let reply = try self.curve(client)
        #expect(reply.status == 422 && reply.text.contains("the ridge curve would take"), "\(reply.text)")
        #expect(try client.predict([[Double](repeating: 1, count: 256)]).status == 200)
    }
}
