import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// A change that fails at any point has changed nothing: no bit of the state, and nothing later.
///
/// Two models that learn the same rows agree to the bit only while OpenBLAS keeps its number of threads.
@Suite struct FailedChangeTests {
    private static let width = 12
    private static let kinds: [(imbalance: Imbalance, rank: SketchRank, map: FeatureMapKind)] = [
        (.none, .rows(0), .identity), (.pseudoFeatures(noise: 1, cap: 4, seed: 1), .rows(2), .randomRelu(width: 20, seed: 3)),
        (.reweight(power: 0.5), .exact, .identity), (.discriminant(falseShare: 0.1, seed: 3), .rows(0), .randomRelu(width: 20, seed: 3)),
        (
            .pseudoFeatures(noise: 1, cap: 4, seed: 1), .rows(2),
            .random(RandomFeatures(.cosine, width: 20, seed: 3, scale: .fixed(4), includesInput: true))
        ),
    ]

    private static func rows(_ count: Int, seed: UInt64) -> [Double] {
        var generator = SplitMix64(state: seed)
        return (0..<(count * width)).map { _ in generator.normal() }
    }

    /// A classifier with a history: learned in blocks and row by row, with balanced weights and a calibration.
    private static func make(_ kind: Int) throws -> Classifier {
        let (imbalance, rank, map) = kinds[kind]
        let classifier = try Classifier(
            ModelConfiguration(dimension: width, featureMap: map, ridge: 0.5, imbalance: imbalance, sketchRank: rank))
        for part in 0..<4 {
            try classifier.learn(features: rows(20, seed: UInt64(part)), labels: (0..<20).map { ["a", "b", "c"][$0 % 3] })
        }
        try classifier.rebalance()
        for part in 10..<13 { try classifier.learn(features: rows(1, seed: UInt64(part)), labels: ["b"]) }
        return classifier
    }

    /// Everything observable of a state, to the bit.
    private struct Fingerprint: Equatable {
        let numbers: [UInt64]
        let labels: [Label]
        let counts: [Int]
        let configuration: ModelConfiguration
        let health: ViewHealth
        let evaluation: [Int]
        let balancedVersion: Int?

        init(_ classifier: Classifier) throws {
            let parts = try SavedParts(classifier)
            var all = parts.gram + parts.q + parts.mean + parts.m2 + (parts.momentErrors ?? [])
            all += parts.weights + parts.sketches + parts.sketchShrunk
            classifier.withSquare { pair in
                for row in 0..<pair.dimension { for column in 0...row { all.append(pair.inverseElement(row, column)) } }
            }
            all += (parts.balanced ?? []) + (parts.discriminant?.weights ?? []) + (parts.discriminant?.rule.bias ?? [])
            for state in [parts.calibration, parts.balancedCalibration].compactMap({ $0 }) {
                all += state.summary + state.likelihood + state.reliability
            }
            numbers = all.map(\.bitPattern)
            labels = parts.labels
            counts = parts.counts + [parts.samples, parts.version, classifier.epoch] + parts.sketchRows
            configuration = parts.configuration
            health = classifier.health
            evaluation = parts.evaluation.confusions + parts.evaluation.window + parts.evaluation.history
            balancedVersion = classifier.balancedVersion
        }
    }

    private static let changes: [(name: String, perform: @Sendable (Classifier) throws -> Void)] = [
        ("learn", { try $0.learn(features: rows(2, seed: 5), labels: ["b", "new"]) }),
        ("learn many", { try $0.learn(features: rows(700, seed: 6), labels: (0..<700).map { "n\($0 % 40)" }) }),
        ("unlearn", { try $0.unlearn(features: rows(1, seed: 11), labels: ["b"]) }),
        ("unlearn many", { try $0.unlearn(features: rows(20, seed: 1), labels: (0..<20).map { ["a", "b", "c"][$0 % 3] }) }),
        ("merge", { _ in }),
        ("ridge", { try $0.reconfigure(ridge: 3) }),
        ("imbalance", { try $0.reconfigure(imbalance: .pseudoFeatures(noise: 2, cap: 3, seed: 9)) }),
        ("both", { try $0.reconfigure(ridge: 0.01, imbalance: .pseudoFeatures(noise: 2, cap: 3, seed: 9)) }),
        ("rename", { try $0.renameClass("a", to: "z") }),
        ("delete", { try $0.deleteClass("b") }),
        ("version", { try $0.advanceVersion(past: 1000) }),
        ("rebalance", { try $0.rebalance() }),
    ]

    @Test(arguments: 0..<5, 0..<12) func allocationsFailInTurn_andNothingHasChanged(kind: Int, change: Int) throws {
        let (name, perform) = Self.changes[change]
        // A change's input is made before anything fails.
        let merged = name == "merge" ? try SavedParts(Self.make(kind)) : nil
        func attempt(_ classifier: Classifier) throws {
            if let merged { _ = try merged.withState { try classifier.merge($0) } } else { try perform(classifier) }
        }
        var index = 0
        var refusals = 0
        while true {
            let hasFailed = try withoutLentThreads {
                let (tried, untouched) = (try Self.make(kind), try Self.make(kind))
                let before = try Fingerprint(tried)
                #expect(try Fingerprint(untouched) == before)
                AllocationFault.fail(index)
                let error = Self.error { try attempt(tried) }
                let hasFailed = AllocationFault.heal()
                if let error {
                    refusals += 1
                    #expect(hasFailed, "\(name) \(index): \(error)")
                    #expect(try Fingerprint(tried) == before, "\(name), allocation \(index): \(error)")
                    for classifier in [tried, untouched] {
                        try classifier.learn(features: Self.rows(3, seed: 99), labels: ["a", "q", "b"])
                        try attempt(classifier)
                    }
                    #expect(try Fingerprint(tried) == Fingerprint(untouched), "\(name), allocation \(index), afterwards")
                }
                return hasFailed
            }
            guard hasFailed else { break }
            index += 1
        }
        // The others allocate matrices for every model; a new class finds room in the existing ones, or not.
        #expect(refusals > 0 || !["learn many", "merge", "ridge", "both"].contains(name), "\(name) takes no memory")
    }

    private static func error(_ body: () throws -> Void) -> (any Error)? {
        do { try body() } catch { return error }
        return nil
    }

    /// A G with negative eigenvalues, which no rows produce, has no solution at a ridge below them.
    @Test(arguments: [nil, Imbalance.pseudoFeatures(noise: 1, cap: 8, seed: 1)]) func unsolvableRidge_leavesEverything(
        imbalance: Imbalance?
    ) throws {
        func make() throws -> Classifier {
            let classifier = try Classifier(ModelConfiguration(dimension: 3, ridge: 10))
            try classifier.learn(features: [1, 0, 0, 0, 1, 1], labels: ["a", "b"])
            classifier.core.flush()
            classifier.core.square.setGram { $0 == $1 ? -5 : 0 }
            return classifier
        }
        let (tried, untouched) = (try make(), try make())
        let before = try Fingerprint(tried)
        #expect(try Fingerprint(untouched) == before)
        #expect(throws: ReconfigurationError.unsolvable(ridge: 1)) { try tried.reconfigure(ridge: 1, imbalance: imbalance) }
        #expect(try Fingerprint(tried) == before)
        for classifier in [tried, untouched] { try classifier.learn(features: [1, 2, 3], labels: ["c"]) }
        #expect(try Fingerprint(tried) == Fingerprint(untouched))
    }

    @Test func whatChangesNothing_hasNoVersion() throws {
        let classifier = try Self.make(1)
        let before = try Fingerprint(classifier)
        #expect(try !classifier.reconfigure(ridge: 0.5))
        #expect(try !classifier.reconfigure(ridge: 0.5, imbalance: classifier.configuration.imbalance))
        #expect(try !classifier.reconfigure())
        #expect(try !classifier.renameClass("a", to: "a"))
        #expect(try Fingerprint(classifier) == before)
        let version = classifier.version
        #expect(try classifier.reconfigure(ridge: 0.25, imbalance: Imbalance.none))
        #expect(classifier.version == version + 1, "both at once are one change")
    }
}
