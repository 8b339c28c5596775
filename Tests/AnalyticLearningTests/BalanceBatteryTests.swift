import Foundation
import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// Rules for every way of treating imbalance.
@Suite struct BalanceBatteryTests {
    struct Method: Sendable, CustomTestStringConvertible {
        var imbalance: Imbalance
        var rank: SketchRank?
        var testDescription: String { "\(imbalance) \(rank.map { "\($0)" } ?? "")" }
    }

    static let methods = [
        Method(imbalance: .pseudoFeatures(noise: 1, cap: 128, seed: 1)), Method(imbalance: .pseudoFeatures(noise: 0.5, cap: 7, seed: 9)),
        Method(imbalance: .pseudoFeatures(noise: 1, cap: 0, seed: 0)), Method(imbalance: .reweight(power: 0.5)),
        Method(imbalance: .reweight(power: 1), rank: .rows(3)), Method(imbalance: .reweight(power: 0.5), rank: .exact),
        Method(imbalance: .discriminant()), Method(imbalance: .discriminant(falseShare: 0.2, seed: 7)),
    ]

    @Test(arguments: methods) func theTruthIsNotTouched(method: Method) throws {
        let stream = try LongTail()
        let classifier = try stream.classifier(method.imbalance, rank: method.rank)
        // Reading may rotate a sketch, and nothing else.
        try classifier.forEachSketch { _, _ in }
        let before = try SavedParts(classifier)
        #expect(try classifier.rebalance())
        let after = try SavedParts(classifier)
        #expect(before.gram == after.gram && before.q == after.q && before.mean == after.mean && before.m2 == after.m2)
        #expect(before.weights == after.weights && before.sketches == after.sketches && before.counts == after.counts)
        #expect(before.version == after.version)
    }

    @Test(arguments: methods) func batchesDoNotMatter_norRepeats(method: Method) throws {
        let stream = try LongTail()
        var generator = SplitMix64(state: 5)
        let classifier = try stream.classifier(method.imbalance, rank: method.rank)
        try classifier.rebalance()
        let elements = classifier.balancedElements
        #expect(elements.allSatisfy { $0.isFinite })
        try classifier.rebalance()
        #expect(agree(classifier.balancedElements, elements), "the same state gives the same weights")
        for limit in [1, 20, 399] {
            var batches: [Int] = []
            while batches.reduce(0, +) < 399 {
                let left = 399 - batches.reduce(0, +)
                batches.append(limit == 399 ? 399 : Int.random(in: 1...min(limit, left), using: &generator))
            }
            let other = try stream.classifier(method.imbalance, rank: method.rank, batches: batches)
            try other.rebalance()
            #expect(other.registry == classifier.registry)
            #expect(relativeDifference(other.balancedElements, elements) < 1e-8, "batches of up to \(limit)")
        }
    }

    @Test(arguments: methods) func aRestoredModel_hasTheSameBits_andItsNextRebalanceAgrees(method: Method) throws {
        let stream = try LongTail()
        let original = try stream.classifier(method.imbalance, rank: method.rank, batches: [100, 150])
        try original.rebalance()
        // Some more rows, so that the weights lag and sketches have pending rows.
        try stream.learn(250..<259, original)
        let restored = try SavedParts(original).restored()
        #expect(restored.balancedVersion == original.balancedVersion && restored.evaluation == original.evaluation)
        let features = stream.digits.rows(stream.test.prefix(20)).map(Float.init)
        for isRebalanced in [false, true] {
            let (a, b) = (try #require(original.publish()), try #require(restored.publish()))
            #expect(a.balancedVersion == b.balancedVersion)
            #expect(a.defaultWeights == .balanced && b.defaultWeights == .balanced)
            var (first, second) = (ScoreWorkspace(), ScoreWorkspace())
            try #require(a.scorer()).score(features, workspace: &first)
            try #require(b.scorer()).score(features, workspace: &second)
            if !isRebalanced {
                #expect(first.scores.map(\.bitPattern) == second.scores.map(\.bitPattern))
                #expect(original.balancedElements == restored.balancedElements)
            }
            #expect(relativeDifference(first.scores.map(Double.init), second.scores.map(Double.init)) < 1e-6)
            #expect(agree(original.balancedElements, restored.balancedElements))
            try original.rebalance()
            try restored.rebalance()
        }
        #expect(original.balancedVersion == original.version)
    }

    @Test(arguments: methods) func aJobOnAnotherThread_seesTheStateItWasMadeFrom(method: Method) throws {
        let stream = try LongTail()
        let classifier = try stream.classifier(method.imbalance, rank: method.rank, batches: [200])
        let reference = try SavedParts(classifier).restored()
        try reference.rebalance()
        let job = try #require(try classifier.makeBalanceJob())
        let result = Box()
        let thread = Thread { result.set(Result { try job.run() }) }
        thread.start()
        for start in stride(from: 200, to: 399, by: 7) { try stream.learn(start..<min(start + 7, 399), classifier) }
        let weights = try result.wait().get()
        #expect(weights.version == 1)
        #expect(classifier.adopt(weights))
        #expect(agree(classifier.balancedElements, reference.balancedElements))
        #expect(classifier.needsBalancing)
    }

    @Test(arguments: methods) func smallAndStrangeStates_giveFiniteWeights(method: Method) throws {
        var generator = SplitMix64(state: 3)
        for (dimension, ridge, magnitude, rows) in [(5, 0.1, 1.0, 1), (5, 1e-9, 1e6, 40), (9, 1e-300, 1e50, 30), (3, 1e300, 1e-50, 30)] {
            let classifier = try Classifier(
                ModelConfiguration(dimension: dimension, ridge: ridge, imbalance: method.imbalance, sketchRank: method.rank))
            #expect(try !classifier.rebalance(), "nothing to balance")
            #expect(try #require(classifier.publish()).defaultWeights == .plain)
            for row in 0..<rows {
                let features = (0..<dimension).map { _ in magnitude * (1 + 1e-6 * generator.normal()).clamped }
                try classifier.learn(features: features, labels: [row % 7 == 0 ? "rare" : "common"])
            }
            do {
                try classifier.rebalance()
                #expect(classifier.balancedElements.allSatisfy { $0.isFinite })
                #expect(try #require(classifier.balanced).table.transposed.withUnsafeBufferPointer { $0.allSatisfy { $0.isFinite } })
            } catch BalanceError.unavailable {
                #expect(try #require(classifier.publish()).balanced == nil)
                #expect(!classifier.needsBalancing, "nothing to try again until the state changes")
            } catch BalanceError.solver(.eigensolverFailed) {
                // Refused; the plain weights continue.
                #expect(try #require(classifier.publish()).balanced == nil)
            }
        }
    }

    @Test func aJobThatIsToldToStop_stops() throws {
        let stream = try LongTail()
        let classifier = try stream.classifier(.pseudoFeatures(noise: 1, cap: 0, seed: 0))
        let job = try #require(try classifier.makeBalanceJob())
        #expect(throws: BalanceError.stopped) { try job.run { true } }
    }

    @Test func changesOtherThanLearning_makeARunningJobUnwanted() throws {
        let stream = try LongTail()
        let rows = stream.digits.rows(stream.order[0..<1])
        let label = "\(stream.digits.labels[stream.order[0]])"
        let changes: [(String, (Classifier) throws -> Void)] = [
            ("unlearn", { try $0.unlearn(features: rows, labels: [label]) }), ("ridge", { try $0.setRidge(0.2) }),
            ("imbalance", { try $0.setImbalance(.pseudoFeatures(noise: 2, cap: 5, seed: 0)) }),
            ("delete", { try $0.deleteClass("3") }), ("rename", { try $0.renameClass("3", to: "three") }),
            ("merge", { try $0.merge(try stream.classifier()) }),
        ]
        for (name, change) in changes {
            let classifier = try stream.classifier(.pseudoFeatures(noise: 1, cap: 5, seed: 0))
            try classifier.rebalance()
            let job = try #require(try classifier.makeBalanceJob())
            let version = classifier.version
            try change(classifier)
            #expect(classifier.version == version + 1, "\(name)")
            let old = classifier.balanced?.version
            #expect(!classifier.adopt(try job.run()), "\(name)")
            #expect(classifier.balanced?.version == old)
            #expect((old == nil) == (name == "unlearn" || name == "imbalance"), "\(name)")
            #expect(classifier.needsBalancing)
            #expect(try classifier.rebalance())
        }
        let classifier = try stream.classifier(.pseudoFeatures(noise: 1, cap: 5, seed: 0), batches: [200])
        let early = try #require(try classifier.makeBalanceJob())
        try stream.learn(200..<210, classifier)
        try classifier.rebalance()
        #expect(!classifier.adopt(try early.run()), "older than what there is")
    }

    @Test func classesThatCameLater_areUnknownToBalancedWeights_untilTheNextRefresh() throws {
        let classifier = try Classifier(
            ModelConfiguration(dimension: 2, imbalance: .pseudoFeatures(noise: 1, cap: 4, seed: 0)))
        try classifier.learn(features: [1, 0, 0.9, 0, 0, 1], labels: ["a", "a", "b"])
        try classifier.rebalance()
        try classifier.learn(features: [-1, -1], labels: ["c"])
        let published = try #require(classifier.publish())
        #expect(published.scorer(.balanced)?.classCount == 2 && published.scorer(.plain)?.classCount == 3)
        #expect(published.balancedVersion == 1 && published.version == 2)
        #expect(published.predict([-1, -1], weights: .plain)[0].label == "c")
        #expect(published.predict([-1, -1])[0].label != "c")
        var workspace = ScoreWorkspace()
        let scorer = try #require(published.scorer())
        scorer.score([-1, -1], workspace: &workspace)
        #expect(scorer.kind == .balanced && workspace.scores.count == 2 && scorer.scoreInDouble([-1, -1]).count == 2)
        try classifier.rebalance()
        #expect(classifier.publish()?.predict([-1, -1])[0].label == "c")
    }
}

/// A place for another thread's result.
private final class Box: @unchecked Sendable {
    // Written before the semaphore is signalled, and read after waiting for it.
    private var result: Result<BalancedWeights, any Error>?
    private let semaphore = DispatchSemaphore(value: 0)

    func set(_ result: Result<BalancedWeights, any Error>) {
        self.result = result
        semaphore.signal()
    }

    func wait() -> Result<BalancedWeights, any Error> {
        semaphore.wait()
        return result!
    }
}

extension Double {
    fileprivate var clamped: Double { Swift.min(Swift.max(self, -1), 1) }
}
