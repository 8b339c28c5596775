import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// A learn is answered after its rows are visible, and reports the predictions of the previous weights.
@Suite struct VisibilityTests {
    @Test func learnedRowsAreVisibleBeforeTheAnswer() throws {
        let service = try TestService()
        let writer = ModelClient(service)
        let reader = ModelClient(service)
        try writer.create(#"{"dimension":6}"#)
        var generator = SeededGenerator(seed: 4)
        for index in 0..<150 {
            let rows = (0..<Int.random(in: 1...4, using: &generator)).map { _ in (0..<6).map { _ in generator.normal() } }
            let learned = try writer.learn(rows, rows.map { _ in "c\(index)" })
            #expect(learned["new_classes"].array == [.string("c\(index)")])
            let version = learned["version"].int ?? .max
            let predicted = try reader.predict([rows[0]], top: 1000)
            #expect((predicted["version"].int ?? -1) >= version)
            // The class just learned is among the known ones.
            #expect(predicted["predictions"][0]["top"].array?.count == index + 1)
            let details = try reader.details()
            #expect((details["version"].int ?? -1) >= version && (details["samples"].int ?? -1) >= learned["samples"].int ?? .max)
        }
    }

    @Test func learnedRowsAreVisibleBeforeTheAnswerAmongManyWriters() throws {
        let service = try TestService()
        try ModelClient(service).create(#"{"dimension":4}"#)
        try onThreads(8) { thread in
            let writer = ModelClient(service)
            let reader = ModelClient(service)
            for round in 0..<40 {
                let learned = try writer.learn([[1, Double(thread), Double(round), 1]], ["c\(thread)-\(round)"])
                let predicted = try reader.predict([[1, 1, 1, 1]], top: 1000)
                #expect((predicted["version"].int ?? -1) >= (learned["version"].int ?? .max))
                let labels = Set((predicted["predictions"][0]["top"].array ?? []).compactMap { $0["label"].string })
                #expect(labels.contains("c\(thread)-\(round)"))
            }
        }
    }

    @Test func accuracyBeforeIsThatOfTheWeightsBefore() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":5,"ridge":0.7}"#)
        var joint = JointSolution(ridge: 0.7)
        var generator = SeededGenerator(seed: 21)
        var accuracies: Set<Double> = []
        for round in 0..<60 {
            let count = round == 30 ? 300 : Int.random(in: 1...9, using: &generator)
            let labels = (0..<count).map { _ in "c\(Int.random(in: 0..<(2 + round / 8), using: &generator))" }
            let rows = labels.map { label in (0..<5).map { generator.normal() + ("c\($0)" == label ? 2 : 0) } }
            let reply = try model.learn(rows, labels)
            if let expected = joint.accuracy(rows, labels) {
                #expect(reply["accuracy_before"].double == expected, "round \(round)")
                accuracies.insert(expected)
            } else {
                #expect(reply["accuracy_before"] == .null)
            }
            let known = joint.labels.count
            joint.learn(rows, labels)
            #expect(reply["rows"].int == count && reply["samples"].int == joint.samples && reply["classes"].int == joint.labels.count)
            #expect(reply["new_classes"].array?.compactMap(\.string) == Array(joint.labels[known...]))
        }
        #expect(accuracies.count > 5, "the data tell nothing")
    }
}
