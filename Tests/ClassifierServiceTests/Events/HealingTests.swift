import AnalyticLearning
import Concurrency
import Foundation
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// A view that is damaged while the service runs.
@Suite struct HealingTests {
    @Test func damageToTheView_isHealedAndToldWhilePredictionsGoOn() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":64}"#)
        var generator = SeededGenerator(seed: 7)
        var joint = JointSolution(ridge: 0.1)
        func learn(_ count: Int) throws {
            let rows = (0..<count).map { _ in (0..<64).map { _ in generator.normal() } }
            let labels = (0..<count).map { "c\($0 % 3)" }
            joint.learn(rows, labels)
            #expect(try model.learn(rows, labels).status == 200)
        }
        try learn(30)
        let events = try EventStream(service.client())
        #expect(try events.next()?.kind == "state")

        let isHealed = Flag()
        let (predictions, failures) = (Guarded(0), Collected<Reply>())
        let path = model.path + "/predict"
        let body = Bodies.predict([[Double](repeating: 1, count: 64)])
        let reader = Thread {
            let client = service.client()
            while !isHealed.isRaised {
                guard let reply = try? client.send("POST", path, body) else { return }
                if reply.status != 200 { failures.append(reply) }
                predictions.withLock { $0 += 1 }
            }
        }
        reader.start()
        defer { isHealed.raise() }
        #expect(service.wait { predictions.withLock { $0 } > 0 })
        // So little that the recursion itself continues.
        let before = predictions.withLock { $0 }
        try service.service.registry.all[0].enqueue(.call { $0.disturbInverse(0, $0.configuration.width - 1, by: 1e-5) })
        // From time to time the view is compared with the sums; until then rows are learned, few enough that it is not solved again for
        // them.
        var healed: EventStream.Event?
        for _ in 0..<200 where healed == nil {
            try learn(8)
            let event = try #require(try events.next())
            #expect(event.kind == "learned" || event.kind == "drift_healed")
            healed = event.kind == "drift_healed" ? event : nil
        }
        let event = try #require(healed)
        #expect(event.data["drift_before"].double ?? 0 > 1e-8)
        #expect(event.data["drift"].double ?? 1 < 1e-8)
        #expect(event.data["version"].int ?? 0 > 1)
        #expect(service.wait { predictions.withLock { $0 } > before })
        #expect(failures.all.map(\.text) == [])
        let snapshot = try EditedSnapshot(try model.snapshot().body)
        #expect(joint.relativeDifference(from: snapshot.elements("weight"), labels: snapshot.labels) < 1e-9)
    }
}
