import AnalyticLearning
import Concurrency
import Foundation
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Long labels count as their model's memory, however they come and go.
@Suite struct LabelBudgetTests {
    private static func label(_ index: Int) -> String { "\(index) " + String(repeating: "x", count: 1000) }
    private static let count = 40
    private static let labels = (0..<count).map(label)
    /// At least their bytes.
    private static let bytes = labels.reduce(0) { $0 + $1.utf8.count }

    private func learned(_ service: TestService, _ name: String, _ labels: [String]) throws -> ModelClient {
        let model = ModelClient(service, name)
        #expect(try model.create(#"{"dimension":2}"#).status == 201)
        let rows = labels.indices.map { [Double($0), 1] }
        #expect(try model.learn(rows, labels).status == 200)
        return model
    }

    @Test func labelsAreReservedAndGivenBack() throws {
        let service = try TestService()
        let short = try learned(service, "short", (0..<Self.count).map(String.init))
        let plain = service.reservedBytes
        let model = try learned(service, "m", Self.labels)
        let long = service.reservedBytes - plain
        #expect(long >= plain + Self.bytes && long <= plain + 2 * Self.bytes)
        #expect(try model.details()["memory_bytes"].int == long)

        // A snapshot brings them, over a model and as a new one; a merge brings the new ones.
        let file = try model.snapshot().body
        let copy = ModelClient(service, "copy")
        for status in [201, 200] {
            #expect(try copy.restore(file).status == status)
            #expect(service.reservedBytes == plain + 2 * long)
        }
        #expect(try copy.client.send("POST", copy.path + "/merge", file, contentType: nil).status == 200)
        #expect(service.reservedBytes == plain + 2 * long)
        #expect(try copy.delete().status == 204)
        let merged = try short.client.send("POST", short.path + "/merge", file, contentType: nil)
        #expect(merged.status == 200, "\(merged.text)")
        #expect(service.reservedBytes >= plain + long + Self.bytes)
        #expect(try short.delete().status == 204)
        #expect(service.reservedBytes == long)

        // A new name takes its own memory; deleting returns it.
        let path = model.path + "/classes/"
        func encoded(_ label: String) -> String { label.replacingOccurrences(of: " ", with: "%20") }
        #expect(try model.client.send("PATCH", path + encoded(Self.labels[0]), #"{"label":"zero"}"#).status == 200)
        let renamed = service.reservedBytes
        #expect(renamed < long - 900)
        #expect(try model.client.send("PATCH", path + "zero", "{\"label\":\"\(Self.labels[0])\"}").status == 200)
        #expect(service.reservedBytes == long)
        for label in Self.labels { #expect(try model.client.send("DELETE", path + encoded(label)).status == 200) }
        #expect(service.reservedBytes < long - Self.bytes)
        #expect(try model.delete().status == 204)
        #expect(service.reservedBytes == 0)
    }

    @Test func labelsThatDoNotFitAreRefused() throws {
        let configuration = ModelConfiguration(dimension: 2)
        let limit = try #require(configuration.estimatedBytes(classes: Self.count + 1)) + Self.bytes / 2
        let service = try TestService { $0.host.maximumMemory = limit }
        let model = ModelClient(service)
        #expect(try model.create(#"{"dimension":2}"#).status == 201)
        let rows = Self.labels.indices.map { [Double($0), 1] }
        let resting = service.reservedBytes
        let refused = try model.learn(rows, Self.labels)
        #expect(refused.status == 422 && refused.problemDetail.contains("\(limit)"), "\(refused.text)")
        #expect(service.reservedBytes == resting)
        #expect(try model.learn(rows, (0..<Self.count).map(String.init)).status == 200)
        let renamed = try model.learn([[1, 1]], [Self.labels[0]])
        #expect(renamed.status == 200)
    }

    @Test func labelsAreReservedAfterARestart() throws {
        let models = KeptModels()
        var before = 0
        do {
            let kept = try models.start()
            let client = TestClient(port: kept.port)
            #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":2}"#).status == 201)
            // Some of them are only in the log.
            let rows = Self.labels.indices.map { [Double($0), 1] }
            #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn(rows, Self.labels)).status == 200)
            before = kept.service.registry.context.budget.used
        }
        let kept = try models.start()
        #expect(kept.service.registry.context.budget.used == before && before > Self.bytes)
    }
}
