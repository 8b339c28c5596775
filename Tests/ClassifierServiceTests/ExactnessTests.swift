import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// For any order and grouping, the weights are those of one joint solution.
@Suite struct ExactnessTests {
    private struct Learned: Sendable {
        var rows: [[Double]]
        var labels: [String]
        var reply: Reply
    }

    /// Eight writers learn random batches at once.
    ///
    /// - Returns: the batches in the order of the log, given by `samples`.
    private func stream(_ service: TestService, dimension: Int) throws -> [Learned] {
        let learned = Collected<Learned>()
        try onThreads(8) { thread in
            var generator = SeededGenerator(seed: UInt64(thread))
            let model = ModelClient(service)
            for _ in 0..<25 {
                let count = Int.random(in: 1...12, using: &generator)
                let labels = (0..<count).map { _ in "c\(Int.random(in: 0..<(3 + thread), using: &generator))" }
                let rows = labels.map { label in (0..<dimension).map { generator.normal() + ("c\($0)" == label ? 1.5 : 0) } }
                let reply = try model.learn(rows, labels)
                #expect(reply.status == 200, "\(reply.text)")
                learned.append(Learned(rows: rows, labels: labels, reply: reply))
            }
        }
        return learned.all.sorted { ($0.reply["samples"].int ?? 0) < ($1.reply["samples"].int ?? 0) }
    }

    @Test func manyWritersEndAtTheJointSolution() throws {
        let service = try TestService()
        let model = ModelClient(service)
        let dimension = 20
        try model.create(#"{"dimension":\#(dimension),"ridge":0.05}"#)
        var joint = JointSolution(ridge: 0.05)
        var version = 0
        for learned in try stream(service, dimension: dimension) {
            // Every answer describes its own request, although the worker handled many at once.
            #expect(learned.reply["accuracy_before"].double == joint.accuracy(learned.rows, learned.labels))
            joint.learn(learned.rows, learned.labels)
            #expect(learned.reply["samples"].int == joint.samples)
            #expect(learned.reply["classes"].int == joint.labels.count)
            #expect((learned.reply["version"].int ?? 0) >= version)
            version = learned.reply["version"].int ?? 0
        }
        let snapshot = try EditedSnapshot(try model.snapshot().body)
        #expect(snapshot.labels == joint.labels)
        #expect(joint.relativeDifference(from: snapshot.elements("weight"), labels: snapshot.labels) < 1e-9)
        #expect(snapshot.metadataValue("samples") == "\(joint.samples)")
        #expect(snapshot.elements("class.count", as: Int64.self).reduce(0, +) == Int64(joint.samples))
    }

    @Test func manyWritersEndAtTheJointSolutionBehindARandomMap() throws {
        let service = try TestService()
        let model = ModelClient(service)
        let (dimension, width) = (10, 48)
        try model.create(
            #"{"dimension":\#(dimension),"ridge":0.2,"feature_map":{"kind":"random_relu","width":\#(width),"seed":12}}"#)
        let log = try stream(service, dimension: dimension)
        let snapshot = try EditedSnapshot(try model.snapshot().body)
        let omega: [Float] = snapshot.elements("feature_map.projection")
        var joint = JointSolution(ridge: 0.2)
        for learned in log {
            let mapped = learned.rows.map { row in
                (0..<width).map { output in max(0, (0..<dimension).reduce(0) { $0 + row[$1] * Double(omega[$1 * width + output]) }) }
            }
            joint.learn(mapped, learned.labels)
        }
        #expect(snapshot.labels == joint.labels)
        #expect(joint.relativeDifference(from: snapshot.elements("weight"), labels: snapshot.labels) < 1e-9)
    }

    @Test func gramMatrixAndMomentsAreThoseOfTheRows() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":6}"#)
        let log = try stream(service, dimension: 6)
        let rows = log.flatMap(\.rows)
        let labels = log.flatMap(\.labels)
        let snapshot = try EditedSnapshot(try model.snapshot().body)
        let gram: [Double] = snapshot.elements("gram.packed_lower")
        for i in 0..<6 {
            for j in 0...i {
                let sum = rows.reduce(0) { $0 + $1[i] * $1[j] }
                #expect(abs(gram[i * (i + 1) / 2 + j] - sum) < 1e-9 * max(1, abs(sum)))
            }
        }
        let means: [Double] = snapshot.elements("class.mean")
        let squares: [Double] = snapshot.elements("class.m2")
        for (column, label) in snapshot.labels.enumerated() {
            let own = zip(rows, labels).filter { $0.1 == label }.map(\.0)
            #expect(snapshot.elements("class.count", as: Int64.self)[column] == Int64(own.count))
            for i in 0..<6 {
                let mean = own.reduce(0) { $0 + $1[i] } / Double(own.count)
                let square = own.reduce(0) { $0 + ($1[i] - mean) * ($1[i] - mean) }
                #expect(abs(means[column * 6 + i] - mean) < 1e-10)
                #expect(abs(squares[column * 6 + i] - square) < 1e-9 * max(1, square))
            }
        }
    }
}
