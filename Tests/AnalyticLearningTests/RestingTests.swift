import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// A model at rest has given its buffers back, and has lost nothing else.
@Suite struct RestingTests {
    private static let configurations: [ModelConfiguration] = [
        ModelConfiguration(dimension: 100), ModelConfiguration(dimension: 24, featureMap: .randomRelu(width: 190, seed: 5)),
        ModelConfiguration(dimension: 24, featureMap: .randomRelu(width: 150, seed: 5), sketchRank: .exact),
        ModelConfiguration(dimension: 1100), ModelConfiguration(dimension: 3),
        ModelConfiguration(
            dimension: 24, featureMap: .random(RandomFeatures(.gelu, width: 130, seed: 5, scale: .fixed(2), includesInput: true))),
    ]

    private static func rows(_ count: Int, _ dimension: Int, seed: UInt64) -> [Double] {
        var generator = SplitMix64(state: seed)
        return (0..<(count * dimension)).map { _ in generator.normal() }
    }

    private static func bits(_ classifier: Classifier) throws -> [UInt64] {
        let parts = try SavedParts(classifier)
        return (parts.gram + parts.q + parts.mean + parts.m2 + parts.weights + parts.sketches).map(\.bitPattern)
    }

    @Test(arguments: configurations.indices) func restingChangesNoBit(_ index: Int) throws {
        let configuration = Self.configurations[index]
        try withoutLentThreads {
            let (busy, resting) = (try Classifier(configuration), try Classifier(configuration))
            #expect(resting.isAtRest)
            var shares: [[Double?]] = [[], []]
            for (round, count) in [3, 1, 1, 64, 1, 300, 1, 2].enumerated() {
                let rows = Self.rows(count, configuration.dimension, seed: UInt64(round))
                let labels = (0..<count).map { "c\($0 % 3)" }
                shares[0].append(try busy.learn(features: rows, labels: labels))
                shares[1].append(try resting.learn(features: rows, labels: labels))
                #expect(!resting.isAtRest)
                resting.rest()
                #expect(resting.isAtRest)
                // Nothing needs to be allocated to go on.
                let one = Self.rows(1, configuration.dimension, seed: 100 + UInt64(round))
                shares[0].append(try one.withUnsafeBufferPointer { try busy.leverages(of: $0) }?[0])
                shares[1].append(try one.withUnsafeBufferPointer { try resting.leverages(of: $0) }?[0])
                if round.isMultiple(of: 2) { resting.rest() }
            }
            #expect(shares[0] == shares[1])
            #expect(try Self.bits(busy) == Self.bits(resting))
        }
    }

    /// The estimates of models that are not tiny, against what is allocated: matrices as they are counted, and the arrays of Float32 beside them.
    @Test(arguments: [
        ModelConfiguration(dimension: 384), ModelConfiguration(dimension: 1024),
        ModelConfiguration(dimension: 1300), ModelConfiguration(dimension: 48, featureMap: .randomRelu(width: 384, seed: 1)),
        ModelConfiguration(dimension: 384, featureMap: .randomRelu(width: 1100, seed: 1)),
        ModelConfiguration(dimension: 16, featureMap: .randomRelu(width: 200, seed: 1), sketchRank: .exact),
        ModelConfiguration(dimension: 300, sketchRank: .rows(8)),
        ModelConfiguration(
            dimension: 384, featureMap: .random(RandomFeatures(.cosine, width: 700, seed: 1, scale: .fixed(20), includesInput: true))),
    ]) func estimatesAreWhatIsAllocated(_ configuration: ModelConfiguration) throws {
        let (classes, dimension) = (10, configuration.dimension)
        let rows = Self.rows(64, dimension, seed: 1)
        let labels = (0..<64).map { "c\($0 % classes)" }
        func learned() throws -> Classifier {
            let classifier = try Classifier(configuration)
            // Blocks and single rows, so that all buffers are in use.
            for _ in 0..<4 { try classifier.learn(features: rows, labels: labels) }
            try classifier.learn(features: Array(rows[..<dimension]), labels: ["c0"])
            return classifier
        }
        let published = 4 * classes * ScoreKernel.padded(configuration.width)
        let tiles = configuration.featureMap == .identity ? 0 : 4 * dimension * ScoreKernel.padded(configuration.width)
        try withoutLentThreads {
            let (classifier, busy) = try AllocationTally.count { try learned() }
            let (rested, resting) = try AllocationTally.count { () -> Classifier in
                let classifier = try learned()
                classifier.rest()
                return classifier
            }
            #expect(classifier.heldBytes == configuration.estimatedBytes(classes: classes))
            let held = try #require(rested.heldBytes)
            #expect(held == (configuration.restingBytes(classes: classes) ?? 0) + rested.gatheredBytes)
            let told = Double(held)
            #expect(abs(Double(resting + published + tiles) - told) <= told / 10, "at rest: \(resting + published + tiles), told \(held)")
            let most = Double(configuration.estimatedBytes(classes: classes) ?? 0)
            let counted = Double(busy + 2 * published + tiles)
            #expect(counted <= most * 1.1 && counted >= most * 0.8, "learning: \(counted), told \(most)")
            #expect(held < Int(most))
        }
    }
}
