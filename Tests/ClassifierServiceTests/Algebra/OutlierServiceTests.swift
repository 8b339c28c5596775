import Foundation
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// `unlearn` refuses a row that dwarfs all others and changes nothing, on disk or in memory; an inexact model says so.
@Suite struct OutlierServiceTests {
    private let rest: (features: [[Double]], labels: [String])
    private let outlier: [Double]

    init() {
        var generator = SeededGenerator(seed: 9)
        let labels = (0..<60).map { "c\($0 % 3)" }
        rest = (labels.map { _ in (0..<16).map { _ in generator.normal() } }, labels)
        outlier = (0..<16).map { _ in generator.normal() * 1e8 }
    }

    @Test func anOutlierIsRefused_alsoAfterRestarts_andNothingChanges() throws {
        let models = KeptModels()
        var service = try models.start()
        var client = service.client()
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":16}"#).status == 201)
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn(rest.features, rest.labels)).status == 200)
        let good = try client.send("GET", "/v1/models/m/snapshot").body
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([outlier], ["c1"])).status == 200)
        let body = Bodies.learn([outlier], ["c1"])
        for round in 0..<3 {
            let before = try client.send("GET", "/v1/models/m/snapshot").body
            let refused = try client.send("POST", "/v1/models/m/unlearn", body, key: "u\(round)")
            #expect(refused.status == 422 && refused.problemDetail.contains("cannot be taken out exactly"), "\(refused.text)")
            #expect(refused.problemDetail.contains("restore a snapshot from before"), "\(refused.text)")
            #expect(try client.send("GET", "/v1/models/m/snapshot").body == before)
            #expect(try client.send("GET", "/v1/models/m")["inexact"].bool == false)
            if round == 1 {
                // As after a crash: from the checkpoint and the log.
                let copy = KeptModels()
                try models.copy(to: copy.path)
                let crashed = try copy.start()
                let other = crashed.client()
                #expect(try other.send("POST", "/v1/models/m/unlearn", body).status == 422)
            }
            service.stop()
            service = try models.start()
            client = service.client()
        }
        // The way back.
        #expect(try client.send("PUT", "/v1/models/m/snapshot", good).status == 200)
        #expect(try client.send("POST", "/v1/models/m/unlearn", Bodies.learn([rest.features[0]], [rest.labels[0]])).status == 200)
        #expect(try client.send("GET", "/v1/models/m")["inexact"].bool == false)
    }

    /// A ridge that covers the losses of the Gram matrix does not cover those of a class's deviations; their possible error is kept.
    @Test func secondMoments_loseNothingUnnoticed_alsoAfterRestarts() throws {
        let models = KeptModels()
        var service = try models.start()
        var client = service.client()
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":16,"ridge":1e14}"#).status == 201)
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn(rest.features, rest.labels)).status == 200)
        let less = outlier.map { $0 * 3e-5 }
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([outlier, less], ["c1", "c2"])).status == 200)
        let refused = try client.send("POST", "/v1/models/m/unlearn", Bodies.learn([outlier], ["c1"]))
        #expect(refused.status == 422 && refused.problemDetail.contains("second moments of \"c1\""), "\(refused.text)")
        #expect(try EditedSnapshot(try client.send("GET", "/v1/models/m/snapshot").body)["class.m2.error"] == nil)
        #expect(try client.send("POST", "/v1/models/m/unlearn", Bodies.learn([less], ["c2"])).status == 200)
        for _ in 0..<2 {
            var snapshot = try EditedSnapshot(try client.send("GET", "/v1/models/m/snapshot").body)
            let errors: [Double] = snapshot.elements("class.m2.error")
            #expect(errors.count == 48 && errors.prefix(32).allSatisfy { $0 == 0 } && errors.suffix(16).contains { $0 > 0 }, "\(errors)")
            #expect(try client.send("PUT", "/v1/models/copy/snapshot", try snapshot.encoded()).status < 300)
            let again = try EditedSnapshot(try client.send("GET", "/v1/models/copy/snapshot").body)
            #expect(again.elements("class.m2.error") as [Double] == errors)
            snapshot.set("class.m2.error", 3, to: -1.0)
            let bad = try client.send("PUT", "/v1/models/copy/snapshot", try snapshot.encoded())
            #expect(bad.status == 400 && bad.problemDetail.contains("class.m2.error[3]"), "\(bad.text)")
            snapshot["class.m2.error"]?.shape = [16, 3]
            let crooked = try client.send("PUT", "/v1/models/copy/snapshot", try snapshot.encoded())
            #expect(crooked.status == 400 && crooked.problemDetail.contains("class.m2.error"), "\(crooked.text)")
            service.stop()
            service = try models.start()
            client = service.client()
        }
    }

    @Test func inexactModels_sayHowFarTheyMayBeOff() throws {
        let models = KeptModels()
        var service = try models.start()
        var client = service.client()
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":16}"#).status == 201)
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn(rest.features, rest.labels)).status == 200)
        let details = try client.send("GET", "/v1/models/m")
        #expect(details["inexact"].bool == false && details.json.object?["relative_error_bound"] == nil)
        var snapshot = try EditedSnapshot(try client.send("GET", "/v1/models/m/snapshot").body)
        #expect((snapshot.metadataValue("sum_error").flatMap { Double($0) } ?? 1) < 1e-9)
        snapshot.setMetadata("sum_error", "142.5")
        let ruined = try snapshot.encoded()
        #expect(try client.send("PUT", "/v1/models/restored/snapshot", ruined).status == 201)
        #expect(try client.send("POST", "/v1/models/m/merge", ruined, contentType: Operation.snapshotType.description).status == 200)
        for _ in 0..<2 {
            for name in ["restored", "m"] {
                let details = try client.send("GET", "/v1/models/\(name)")
                #expect(details["inexact"].bool == true && (details["relative_error_bound"].double ?? 0) > 1, "\(details.text)")
                let metrics = try client.send("GET", "/metrics").text
                #expect(metrics.contains("accrue_model_inexact{model=\"\(name)\"} 1"), "\(metrics)")
                #expect(metrics.contains("accrue_model_relative_error_bound{model=\"\(name)\"}"))
                let saved = try EditedSnapshot(try client.send("GET", "/v1/models/\(name)/snapshot").body)
                #expect((saved.metadataValue("sum_error").flatMap { Double($0) } ?? 0) >= 142.5)
            }
            service.stop()
            service = try models.start()
            client = service.client()
        }
        for value in ["-1", "1e300", "\"x\"", "null", "[]"] {
            snapshot.setMetadata("sum_error", value)
            let refused = try client.send("PUT", "/v1/models/bad/snapshot", try snapshot.encoded())
            #expect(refused.status == 400 && refused.problemDetail.contains("sum_error"), "\(value): \(refused.text)")
        }
    }
}
