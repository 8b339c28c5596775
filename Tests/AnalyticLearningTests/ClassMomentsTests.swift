import LinearAlgebra
import Testing

@testable import AnalyticLearning

@Suite struct ClassMomentsTests {
    @Test func moments_equalATwoPassResult_howeverRowsCame() throws {
        var generator = SplitMix64(state: 31)
        for trial in 0..<30 {
            let classifier = try Classifier(ModelConfiguration(dimension: 5))
            var rows: [[Double]] = []
            var labels: [Int] = []
            while rows.count < 400 {
                let size = trial == 0 ? 1 : Int.random(in: 1...60, using: &generator)
                let batch = (0..<size).map { _ in (0..<5).map { Double($0) * 100 + generator.normal() } }
                let batchLabels = (0..<size).map { _ in Int.random(in: 0..<4, using: &generator) }
                try classifier.learn(features: batch.flatMap { $0 }, labels: batchLabels.map(String.init))
                rows += batch
                labels += batchLabels
            }
            for label in 0..<4 {
                let column = try #require(classifier.registry.column(of: "\(label)"))
                let members = zip(rows, labels).filter { $0.1 == label }.map(\.0)
                #expect(classifier.counts[column] == members.count)
                for i in 0..<5 {
                    let mean = members.reduce(0) { $0 + $1[i] } / Double(members.count)
                    let m2 = members.reduce(0) { $0 + ($1[i] - mean) * ($1[i] - mean) }
                    let (actualMean, actualM2) = classifier.withMoments { ($0.mean[i, column], $0.m2[i, column]) }
                    #expect(abs(actualMean - mean) <= 1e-12 * max(abs(mean), 1))
                    #expect(abs(actualM2 - m2) <= 1e-10 * m2)
                }
            }
        }
    }

    @Test func aHugeMean_doesNotCancelTheDeviation() throws {
        var generator = SplitMix64(state: 32)
        let classifier = try Classifier(ModelConfiguration(dimension: 2))
        var values: [Double] = []
        for _ in 0..<10_000 {
            let value = 1e6 + generator.normal()
            values.append(value)
            try classifier.learn(features: [value, 1], labels: ["a"])
        }
        let mean = values.reduce(0, +) / 10_000
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 9_999).squareRoot()
        let actual = classifier.withMoments { ($0.m2[0, 0] / 9_999).squareRoot() }
        #expect(abs(actual - deviation) < 1e-6)
    }
}
