import AnalyticLearning
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// What a model is said to hold: all of what it has reserved while it learns, and less at rest.
@Suite struct RestingModelTests {
    private static let dimension = 300
    private static let resting = ModelConfiguration(dimension: dimension)

    private func row(_ seed: Int) -> [Double] { (0..<Self.dimension).map { Double(($0 * 31 + seed * 17) % 101) / 50 - 1 } }

    private func learn(_ model: ModelClient, rows: Int, key: String? = nil) throws {
        let reply = try model.client.send(
            "POST", model.path + "/learn", Bodies.learn((0..<rows).map(row), (0..<rows).map { "c\($0 % 2)" }),
            key: key)
        #expect(reply.status == 200, "\(reply.text)")
    }

    @Test func aModelHoldsLessAtRest_andStaysReserved() throws {
        let service = try TestService { $0.host.restDelay = 0 }
        let model = ModelClient(service)
        try model.create("{\"dimension\":\(Self.dimension)}")
        func memory() throws -> Int { try model.details()["memory_bytes"].int ?? 0 }
        let (least, most) = (try #require(Self.resting.restingBytes(classes: 2)), try #require(Self.resting.estimatedBytes(classes: 2)))
        #expect(least < most * 3 / 4)
        #expect(try memory() == Self.resting.restingBytes(classes: 0))
        for rows in [64, 1, 200] {
            try learn(model, rows: rows)
            // A few rows may wait beside the square.
            #expect(service.wait { ((try? memory()) ?? 0) <= least + 2 * 8 * Self.dimension })
            #expect(try memory() >= least)
            #expect(service.reservedBytes == most)
        }
        // Asking about it does not wake it, and a prediction needs none of it.
        #expect(try model.predict([row(1)]).status == 200)
        _ = try model.snapshot()
        #expect(try memory() <= least + 2 * 8 * Self.dimension)
        // Rows of leverage use the buffers, and they are returned again.
        #expect(try model.client.send("POST", model.path + "/predict?leverage=true", Bodies.predict([row(3)])).status == 200)
        #expect(service.wait { ((try? memory()) ?? 0) <= least + 2 * 8 * Self.dimension })
        try learn(model, rows: 3)
        #expect(try model.details()["samples"].int == 268)
    }

    @Test func aModelThatLearnsHoldsWhatIsReserved() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create("{\"dimension\":\(Self.dimension)}")
        try learn(model, rows: 3)
        #expect(try model.details()["memory_bytes"].int == Self.resting.estimatedBytes(classes: 2))
        #expect(service.reservedBytes == Self.resting.estimatedBytes(classes: 2))
    }

    @Test func rememberedAnswersAreCounted() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create("{\"dimension\":\(Self.dimension)}")
        try learn(model, rows: 2)
        let before = service.reservedBytes
        for index in 0..<100 { try learn(model, rows: 2, key: "a key that is longer than fifteen bytes \(index)") }
        #expect(service.reservedBytes >= before + 100 * 250)
        #expect(service.reservedBytes < before + 100 * 600)
        #expect(try model.details()["memory_bytes"].int == service.reservedBytes)
        #expect(try model.delete().status == 204)
        #expect(service.wait { service.reservedBytes == 0 })
    }
}
