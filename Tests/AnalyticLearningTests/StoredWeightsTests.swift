import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// Weights that predict as they were stored, before R has been made.
@Suite struct StoredWeightsTests {
    private func classifier(
        classes: Int, rows: Int, imbalance: Imbalance = .none, map: FeatureMapKind = .identity
    ) throws -> Classifier {
        var configuration = ModelConfiguration(dimension: 12)
        (configuration.imbalance, configuration.featureMap) = (imbalance, map)
        let classifier = try Classifier(configuration)
        var generator = SplitMix64(state: UInt64(classes + rows))
        for start in stride(from: 0, to: rows, by: 50) {
            let count = min(50, rows - start)
            let labels = (0..<count).map { "c\((start + $0) % classes)" }
            try classifier.learn(features: (0..<(count * 12)).map { _ in generator.normal() }, labels: labels)
        }
        if imbalance != .none { try classifier.rebalance() }
        return classifier
    }

    @Test(arguments: [1, 3, 16, 17, 40], [FeatureMapKind.identity, .randomRelu(width: 33, seed: 5)])
    func theyAreWhatTheRestoredModelPublishes(classes: Int, map: FeatureMapKind) throws {
        for imbalance in [Imbalance.none, .pseudoFeatures(noise: 1, cap: 16, seed: 1)] { try compare(classes, map, imbalance) }
    }

    private func compare(_ classes: Int, _ map: FeatureMapKind, _ imbalance: Imbalance) throws {
        let original = try classifier(classes: classes, rows: 400, imbalance: imbalance, map: map)
        try SavedParts(original).withState { state in
            let stored = try #require(try PublishedWeights.stored(in: state))
            let restored = try Classifier(restoring: state, sharing: stored)
            let apart = try #require(try Classifier(restoring: state).publish())
            for published in [try #require(restored.publish()), apart] {
                #expect(stored.transposedWeights.map(\.bitPattern) == published.transposedWeights.map(\.bitPattern))
                #expect(stored.labels == published.labels && stored.counts == published.counts)
                #expect(stored.version == published.version && stored.samples == published.samples)
                #expect(stored.configuration == published.configuration && stored.evaluation == published.evaluation)
                #expect(stored.balancedVersion == published.balancedVersion)
                for kind in [WeightsKind.plain, .balanced] {
                    #expect(stored.calibration(of: kind) == published.calibration(of: kind))
                }
                #expect(stored.estimatedBytes == published.estimatedBytes && stored.needsDouble == published.needsDouble)
                let rows = (0..<(12 * 20)).map { Float($0 % 7) - 3 }
                #expect(stored.predict(rows).map(\.score) == published.predict(rows).map(\.score))
                #expect(published.health != nil && published.sumError != nil)
            }
            #expect(stored.calibration(of: .plain) != nil || classes == 1)
            #expect((stored.balanced != nil) == (imbalance != .none))
            #expect(stored.health == nil && stored.sumError == nil)
            // One map and one set of balanced weights for both.
            #expect(restored.featureMap.projection === stored.featureMap.projection)
            #expect(restored.balanced === stored.balanced)
        }
    }

    @Test func anEmptyModel_isStoredToo() throws {
        try SavedParts(try Classifier(ModelConfiguration(dimension: 3))).withState { state in
            let stored = try #require(try PublishedWeights.stored(in: state))
            #expect(stored.classCount == 0 && stored.version == 0 && stored.scorer() == nil)
        }
    }

    /// A single weight that is wrong is found, among few classes and among many.
    @Test(arguments: [3, 40]) func weightsThatDoNotSolveTheirEquations_waitForASolution(classes: Int) throws {
        let parts = try SavedParts(try classifier(classes: classes, rows: 400))
        for place in [0, 5, 12 * classes - 1] {
            var wrong = parts
            wrong.weights[place] += 1e-3
            try wrong.withState { state in
                let stored = try PublishedWeights.stored(in: state)
                #expect(stored == nil)
                let residual = try state.relativeResidual()
                let error = #expect(throws: RestoreError.self) { try Classifier(restoring: state) }
                guard case .residual(let exact) = error else { return }
                // The estimate of sixteen squares is seldom off by a factor of three.
                #expect(classes > 16 ? residual > exact / 3 && residual < exact * 3 : abs(residual / exact - 1) < 1e-6)
            }
        }
    }

    @Test func whatContradictsItself_isRefused() throws {
        let parts = try SavedParts(try classifier(classes: 3, rows: 100))
        for (part, change) in [
            ("gram.packed_lower", { $0.gram[70] = .nan }), ("weight", { $0.weights[3] = .infinity }), ("class.m2", { $0.m2[5] = -1 }),
        ] as [(String, (inout SavedParts) -> Void)] {
            var wrong = parts
            change(&wrong)
            let error = #expect(throws: RestoreError.self) {
                try wrong.withState { state in _ = try PublishedWeights.stored(in: state) }
            }
            guard case .value(let found, _) = error else {
                Issue.record("\(part): \(String(describing: error))")
                continue
            }
            #expect(found == part)
        }
    }
}
