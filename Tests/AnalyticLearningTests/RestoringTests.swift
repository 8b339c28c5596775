import LinearAlgebra
import Testing

@testable import AnalyticLearning

@Suite struct RestoringTests {
    /// A copy of a classifier's parts, row-major.
    struct Parts {
        var gram: [Double] = []
        var q: [Double] = []
        var mean: [Double] = []
        var m2: [Double] = []
        var weights: [Double] = []

        init(_ classifier: Classifier) {
            classifier.withSquare { $0.forEachPackedGram { gram.append(contentsOf: $0) } }
            classifier.withCrossMoment { $0.copyRowMajor(rows: 0..<$0.rows, into: &q) }
            classifier.withWeights { $0.copyRowMajor(rows: 0..<$0.rows, into: &weights) }
            classifier.withMoments { moments in
                moments.mean.withElements { mean = Array($0) }
                moments.m2.withElements { m2 = Array($0) }
            }
        }

        func restore(_ original: Classifier) throws -> Classifier {
            try gram.withUnsafeBufferPointer { gram in
                try q.withUnsafeBufferPointer { q in
                    try mean.withUnsafeBufferPointer { mean in
                        try m2.withUnsafeBufferPointer { m2 in
                            try weights.withUnsafeBufferPointer { weights in
                                try Classifier(
                                    restoring: SavedState(
                                        configuration: original.configuration, labels: original.registry.labels, counts: original.counts,
                                        samples: original.samples, version: original.version,
                                        projection: original.featureMap.projection.map { projection in
                                            (0..<projection.inputs).flatMap { projection.row($0) }
                                        }, gram: gram, crossMoment: q, mean: mean, m2: m2, weights: weights))
                            }
                        }
                    }
                }
            }
        }
    }

    private func trained(_ batch: Int) throws -> (Classifier, Digits) {
        let digits = try Digits()
        let classifier = try digits.classifier()
        for start in stride(from: 0, to: 500, by: batch) {
            let rows = Array(start..<min(start + batch, 500))
            try classifier.learn(features: digits.rows(rows), labels: rows.map { "\(digits.labels[$0])" })
        }
        return (classifier, digits)
    }

    @Test(arguments: [1, 7, 500]) func aRestoredClassifier_predictsTheSameBits_andLearnsOnExactly(batch: Int) throws {
        let (original, digits) = try trained(batch)
        let restored = try Parts(original).restore(original)
        let features = digits.rows(1000..<1100).map(Float.init)
        let (a, b) = (try #require(original.publish()), try #require(restored.publish()))
        #expect(a.transposedWeights.map(\.bitPattern) == b.transposedWeights.map(\.bitPattern))
        #expect(a.predict(features).map(\.label) == b.predict(features).map(\.label))
        #expect(restored.version == original.version && restored.samples == 500 && restored.counts == original.counts)
        let rows = Array(500..<1797)
        try restored.learn(features: digits.rows(rows), labels: rows.map { "\(digits.labels[$0])" })
        let joint = jointSolution(digits.mapped(0..<1797), digits.labels, classes: 10, ridge: 0.1)
        #expect(relativeDifference(restored.weights(for: (0..<10).map(String.init)), joint) < 1e-9)
    }

    @Test func aStateThatContradictsItself_isRefused() throws {
        let (original, _) = try trained(100)
        func refused(_ change: (inout Parts) -> Void) -> RestoreError? {
            var parts = Parts(original)
            change(&parts)
            do {
                _ = try parts.restore(original)
                return nil
            } catch { return error as? RestoreError }
        }
        #expect(refused { _ in } == nil)
        #expect(refused { $0.gram[7] = .nan } == .value(part: "gram.packed_lower", index: 7))
        #expect(refused { $0.weights[3] = .infinity } == .value(part: "weight", index: 3))
        #expect(refused { $0.m2[5] = -1 } == .value(part: "class.m2", index: 5))
        #expect(refused { $0.q.removeLast() } == .size(part: "cross_moment", count: 2559, expected: 2560))
        guard case .residual(let residual) = refused({ $0.weights[40] += 0.1 }) else {
            Issue.record("wrong weights were taken")
            return
        }
        #expect(residual > 1e-6)
    }

    /// Rows of a deleted class may dwarf the ridge and all other rows and still leave a factor: no solution of such equations has a small
    /// residual. Such a state is restored and merged all the same.
    @Test(arguments: [1e-6, 1e-4, 1e-2], 1...8) func nearlySingularEquations_areRestoredAndMerged(ridge: Double, seed: Int) throws {
        var generator = SplitMix64(state: UInt64(seed))
        let classifier = try Classifier(ModelConfiguration(dimension: 3, ridge: ridge))
        let large = (0..<6).map { _ in generator.normal() * 1e6 }
        try classifier.learn(features: large, labels: ["x", "x"])
        let rows = (0..<60).map { _ in (generator.normal() * 64).rounded() / 64 }
        try classifier.learn(features: rows, labels: (0..<20).map { $0 % 2 == 0 ? "x" : "y" })
        try classifier.deleteClass("x")
        _ = try classifier.prepareToSave()
        let parts = try SavedParts(classifier)
        let restored = try parts.restored()
        #expect(restored.weights(for: ["y"]) == classifier.weights(for: ["y"]))
        let merged = try Classifier(ModelConfiguration(dimension: 3, ridge: ridge))
        try parts.withState { _ = try merged.merge($0) }
        #expect(merged.samples == 22)
        var wrong = parts
        wrong.weights = wrong.weights.map { $0 * 1.5 + 1 }
        #expect(throws: RestoreError.self) { try wrong.restored() }
        #expect(throws: MergeError.self) { try wrong.withState { _ = try merged.merge($0) } }
    }
}
