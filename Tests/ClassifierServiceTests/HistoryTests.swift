import TensorFormats
import Testing

/// `GET /v1/models/{model}/history`.
@Suite struct HistoryTests {
    private func learn(_ model: ModelClient, requests: Range<Int>) throws {
        for request in requests { try model.learn([[1, Double(request % 7) / 10], [0.2, 1]], ["a", request % 5 == 0 ? "c" : "b"]) }
    }

    private func points(_ model: ModelClient) throws -> [JSONValue] {
        try #require(try model.client.send("GET", model.path + "/history")["points"].array)
    }

    @Test func theLastPointIsWhatTheDetailsSay() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        #expect(try points(model).isEmpty)
        for requests in [0..<1, 1..<30, 30..<700] {
            try learn(model, requests: requests)
            let points = try points(model)
            #expect(points.count <= 513)
            let evaluated = points.map { $0["evaluated_samples"].int ?? -1 }
            #expect(evaluated == Set(evaluated).sorted())
            let details = try model.details()
            let evaluation = details["evaluation"]
            guard let last = points.last else {
                #expect(evaluation["evaluated_samples"].int == 0)
                continue
            }
            #expect(last["evaluated_samples"].int == evaluation["evaluated_samples"].int)
            for (key, value) in [
                ("accuracy", evaluation["accuracy"]), ("balanced_accuracy", evaluation["balanced_accuracy"]),
                ("window_accuracy", evaluation["window"]["accuracy"]),
                ("window_balanced_accuracy", evaluation["window"]["balanced_accuracy"]),
            ] {
                #expect(abs(try #require(last[key].double) - (try #require(value.double))) < 1e-9, "\(key)")
            }
        }
    }

    @Test func aRestoredModelRemembers() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        try learn(model, requests: 0..<100)
        let copy = ModelClient(service, "copy")
        #expect(try copy.restore(try model.snapshot().body).status == 201)
        let before = try points(model)
        #expect(before.count > 50)
        #expect(try points(copy) == before)
    }

    @Test func onlyModelsHaveOne() throws {
        let service = try TestService()
        #expect(try service.client().send("GET", "/v1/models/none/history").status == 404)
    }

    @Test func detailsTellTheRowsOfEachClass() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        try learn(model, requests: 0..<10)
        let classes = try #require(try model.details()["evaluation"]["classes"].array)
        #expect(classes.map { $0["label"].string } == ["a", "c", "b"] && classes.map { $0["count"].int } == [10, 2, 8])
    }
}
