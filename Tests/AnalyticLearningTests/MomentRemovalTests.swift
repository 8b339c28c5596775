import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// Second moments are those of the remaining rows, or the rows stay, even if the ridge covers the weights.
@Suite struct MomentRemovalTests {
    private static let dimension = 4
    /// The weights do not depend on the digits that the rows take.
    private static let configuration = ModelConfiguration(
        dimension: dimension, ridge: 1e14, imbalance: .pseudoFeatures(noise: 1, cap: 4, seed: 1))

    private static func rows(_ count: Int, _ generator: inout SplitMix64, scale: Double = 1) -> [[Double]] {
        (0..<count).map { _ in (0..<dimension).map { _ in scale * generator.normal() } }
    }

    /// Whether a class's mean and deviations are those of its rows, to 10⁻⁷ of themselves or 10⁻⁵ of the largest component.
    private func agree(_ classifier: Classifier, _ label: Label, _ rows: [[Double]]) throws -> Bool {
        let column = try #require(classifier.registry.column(of: label))
        let count = Double(rows.count)
        let mean = (0..<rows[0].count).map { i in rows.reduce(0) { $0 + $1[i] } / count }
        let m2 = mean.indices.map { i in rows.reduce(0) { $0 + ($1[i] - mean[i]) * ($1[i] - mean[i]) } }
        let largest = mean.indices.map { (m2[$0] / count + mean[$0] * mean[$0]).squareRoot() }.max() ?? 0
        return classifier.withMoments { moments in
            mean.indices.allSatisfy { i in
                let (actual, expected) = ((moments.m2[i, column] / count).squareRoot(), (m2[i] / count).squareRoot())
                let isRight = abs(actual - expected) <= max(1e-7 * expected, 1e-5 * largest)
                return isRight && abs(moments.mean[i, column] - mean[i]) <= 1e-9 * largest
            }
        }
    }

    /// Outliers of falling size are removed one by one. Each would be accepted after the previous one: their errors add up.
    @Test(arguments: [false, true], [[1e2], [1e4], [1e6], [1e8], [1e40], [1e8, 1e5], [1e9, 1e6, 1e4, 1e2], [1e7, 1e6, 1e5, 1e4, 1e3]])
    func outliers_areTakenOutExactly_orNotAtAll(isSaved: Bool, scales: [Double]) throws {
        var generator = SplitMix64(state: 91)
        var left = Self.rows(20, &generator)
        let outliers = scales.map { Self.rows(1, &generator, scale: $0)[0] }
        var classifier = try Classifier(Self.configuration)
        let all = left + outliers
        try classifier.learn(features: all.flatMap { $0 }, labels: all.map { _ in "a" })
        left = all
        var refusals = 0
        for outlier in outliers {
            if isSaved { classifier = try SavedParts(classifier).restored() }
            let before = try SavedParts(classifier)
            do {
                try classifier.unlearn(features: outlier, labels: ["a"])
                left.removeAll { $0 == outlier }
            } catch UnlearnError.inexactMoments(let label) {
                #expect(label.text == "a")
                refusals += 1
                #expect(try SavedParts(classifier).m2 == before.m2 && classifier.samples == before.samples)
            } catch UnlearnError.inexact {
                refusals += 1
            }
            #expect(try agree(classifier, "a", left), "\(scales), after \(outlier)")
        }
        #expect(scales.count > 1 || (refusals == 0) == (scales[0] < 1e5), "\(scales)")
        // Without rows nothing is lost.
        try classifier.unlearn(features: left.flatMap { $0 }, labels: left.map { _ in "a" })
        #expect(classifier.samples == 0 && !classifier.hasMomentErrors)
    }

    /// Most components of such rows are zero, and a value that the few remaining rows share has no deviation.
    @Test(arguments: [2, 3, 50]) func sparseRows_canGoNearlyAll(rest: Int) throws {
        var generator = SplitMix64(state: 92)
        let rows = (0..<5000).map { _ in
            (0..<60).map { _ in Double.random(in: 0..<1, using: &generator) < 0.1 ? Double.random(in: 1..<3, using: &generator) : 0 }
        }
        let classifier = try Classifier(ModelConfiguration(dimension: 60, ridge: 1))
        try classifier.learn(features: rows.flatMap { $0 }, labels: rows.map { _ in "a" })
        let gone = rows.dropFirst(rest)
        try classifier.unlearn(features: gone.flatMap { $0 }, labels: gone.map { _ in "a" })
        #expect(try agree(classifier, "a", Array(rows.prefix(rest))))
        for row in rows.prefix(rest - 1) { try classifier.unlearn(features: row, labels: ["a"]) }
        #expect(try agree(classifier, "a", [rows[rest - 1]]))
    }

    /// The error of an accepted removal is kept where it may still show, also in copies and merged models; other classes are not affected.
    @Test func whatIsLeft_isRemembered() throws {
        var generator = SplitMix64(state: 93)
        let (rows, outlier) = (Self.rows(40, &generator), Self.rows(1, &generator, scale: 3e4)[0])
        let classifier = try Classifier(Self.configuration)
        try classifier.learn(features: rows.flatMap { $0 } + outlier, labels: rows.indices.map { $0 % 2 == 0 ? "a" : "b" } + ["b"])
        #expect(!classifier.hasMomentErrors)
        try classifier.unlearn(features: outlier, labels: ["b"])
        #expect(classifier.withMoments { $0.errors.map(\.isEmpty) } == [true, false])
        let parts = try SavedParts(classifier)
        let restored = try parts.restored()
        #expect(restored.withMoments { $0.errors } == classifier.withMoments { $0.errors })
        let merged = try Classifier(Self.configuration)
        try merged.learn(features: rows[0], labels: ["b"])
        try parts.withState { _ = try merged.merge($0) }
        #expect(merged.withMoments { $0.errors.map(\.isEmpty) } == [false, true])
        try parts.withState { _ = try merged.merge($0) }
        #expect(merged.withMoments { $0.errors[0] } == classifier.withMoments { $0.errors[1].map { 2 * $0 } })
        try merged.renameClass("b", to: "c")
        #expect(merged.hasMomentErrors)
        try merged.deleteClass("c")
        #expect(!merged.hasMomentErrors)
        for value in [-1, .nan, .infinity, 1e122] as [Double] {
            var wrong = parts
            wrong.momentErrors?[5] = value
            #expect(throws: RestoreError.value(part: "class.m2.error", index: 5)) { try wrong.restored() }
            #expect(throws: MergeError.state(.value(part: "class.m2.error", index: 5))) {
                try wrong.withState { _ = try classifier.merge($0) }
            }
        }
        var short = parts
        short.momentErrors?.removeLast()
        #expect(throws: RestoreError.size(part: "class.m2.error", count: 7, expected: 8)) { try short.restored() }
    }
}
