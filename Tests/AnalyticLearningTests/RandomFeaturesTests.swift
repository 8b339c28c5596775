import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// Random maps with an activation, a distribution and a scale.
@Suite struct RandomFeaturesTests {
    private static let maps: [RandomFeatures] = [
        RandomFeatures(.relu, width: 70, seed: 3, scale: .fixed(2.5)), RandomFeatures(.relu, width: 33, seed: 3, distribution: .normal),
        RandomFeatures(.gelu, width: 70, seed: 4), RandomFeatures(.gelu, width: 20, seed: 1, scale: .fixed(3), includesInput: true),
        RandomFeatures(.cosine, width: 70, seed: 5, scale: .fixed(4)),
        RandomFeatures(.cosine, width: 64, seed: 6, scale: .fixed(2), includesInput: true),
    ]

    @Test func draws_haveTheBitsOfTheirDefinition() throws {
        let file = try Vectors("published")
        for (distribution, name) in [(RandomFeatures.Distribution.uniform, "uniform"), (.normal, "normal")] {
            let omega = try RandomProjection(inputs: 64, outputs: 48, seed: 5, distribution: distribution)
            #expect((0..<64).flatMap { omega.row($0).map(\.bitPattern) } == (try file.floats(name).map(\.bitPattern)))
        }
        let activation = RandomActivation(RandomFeatures(.cosine, width: 48, seed: 5), inputs: 64)
        #expect(activation.phases == (try file.floats("phases")))
    }

    /// `random` with relu and its defaults is `random_relu`, to the bit: of weights and of scores.
    @Test func reluWithItsDefaults_isRandomRelu() throws {
        let digits = try Digits()
        func trained(_ map: FeatureMapKind) throws -> PublishedWeights {
            let classifier = try Classifier(ModelConfiguration(dimension: 64, featureMap: map))
            _ = try withoutLentThreads {
                try classifier.learn(features: digits.rows(0..<200), labels: (0..<200).map { "\(digits.labels[$0])" })
            }
            return try #require(classifier.publish())
        }
        let (one, other) = (
            try trained(.randomRelu(width: 96, seed: 9)), try trained(.random(RandomFeatures(.relu, width: 96, seed: 9)))
        )
        #expect(one.transposedWeights.map(\.bitPattern) == other.transposedWeights.map(\.bitPattern))
        var (a, b) = (ScoreWorkspace(), ScoreWorkspace())
        let rows = digits.rows(300..<320).map(Float.init)
        one.scorer()?.score(rows, workspace: &a)
        other.scorer()?.score(rows, workspace: &b)
        #expect(a.scores.map(\.bitPattern) == b.scores.map(\.bitPattern) && !a.scores.isEmpty)
    }

    @Test(arguments: maps) func allPathsOfAPrediction_agree(map: RandomFeatures) throws {
        var generator = SplitMix64(state: 12)
        let (dimension, classes) = (17, 5)
        let classifier = try Classifier(ModelConfiguration(dimension: dimension, featureMap: .random(map)))
        let training = (0..<(200 * dimension)).map { _ in generator.normal() }
        try classifier.learn(features: training, labels: (0..<200).map { "\($0 % classes)" })
        #expect(classifier.featureMap.width == classifier.configuration.width)
        let scorer = try #require(classifier.publish()?.scorer())
        for rows in [1, 3, 20] {
            let x = (0..<(rows * dimension)).map { _ in Float(generator.normal()) }
            var workspace = ScoreWorkspace()
            scorer.score(x, workspace: &workspace)
            let scores = workspace.scores
            #expect(scores.allSatisfy { $0.isFinite })
            scorer.scoreByBLAS(x, workspace: &workspace)
            #expect(zip(scores, workspace.scores).allSatisfy { abs($0 - $1) < 1e-4 })
            for row in 0..<rows {
                let one = Array(x[(row * dimension)..<((row + 1) * dimension)])
                let slice = Array(scores[(row * classes)..<((row + 1) * classes)])
                #expect(zip(slice, scorer.scoreInDouble(one.map(Double.init))).allSatisfy { abs(Double($0) - $1) < 1e-4 })
                scorer.score(one, workspace: &workspace)
                #expect(workspace.scores == slice)
            }
        }
    }

    /// A phase of many turns has lost its digits in Float32: such a row is one for Float64.
    @Test func rowsFarAway_areScoredInFloat64() throws {
        let map = RandomFeatures(.cosine, width: 40, seed: 2, scale: .fixed(1))
        let classifier = try Classifier(ModelConfiguration(dimension: 3, featureMap: .random(map)))
        try classifier.learn(features: [1, 2, 3, 3, 2, 1, 1e6, 2e6, -1e6], labels: ["a", "b", "c"])
        let scorer = try #require(classifier.publish()?.scorer())
        var workspace = ScoreWorkspace()
        func isCarried(_ row: [Float]) -> Bool {
            scorer.score(row, workspace: &workspace)
            return row.withUnsafeBufferPointer { row in workspace.scores.withUnsafeBufferPointer { scorer.isCarried(row, $0) } }
        }
        #expect(isCarried([1, 2, 3]) && !isCarried([1e6, 2e6, -1e6]) && !isCarried([1e38, 0, 0]))
        let exact = scorer.scoreInDouble([1e6, 2e6, -1e6])
        #expect(exact.firstIndex(of: exact.max()!) == 2)
        #expect(scorer.scoreInDouble([1e50, -1e50, 1e50]).allSatisfy { $0.isFinite })
    }

    @Test(arguments: maps) func aRestoredModel_isTheSame_andOtherMapsAreNotMerged(map: RandomFeatures) throws {
        var generator = SplitMix64(state: 3)
        let imbalance = Imbalance.pseudoFeatures(noise: 1, cap: 4, seed: 1)
        let configuration = ModelConfiguration(dimension: 6, featureMap: .random(map), imbalance: imbalance)
        let classifier = try Classifier(configuration)
        try classifier.learn(features: (0..<240).map { _ in generator.normal() }, labels: (0..<40).map { $0 < 30 ? "a" : "b" })
        try classifier.rebalance()
        let parts = try SavedParts(classifier)
        let restored = try parts.restored()
        let row = (0..<6).map { _ in generator.normal() }
        let scores = { (model: Classifier) in try #require(model.publish()?.scorer()).scoreInDouble(row) }
        #expect(try scores(restored) == scores(classifier))
        try restored.rebalance()
        #expect(agree(restored.balancedElements, classifier.balancedElements))
        #expect(try restored.merge(classifier).rows == 40)
        for change in 0..<4 {
            var other = parts
            guard case .random(var features) = other.configuration.featureMap else { continue }
            switch change {
            case 0: features.scale = .fixed(7)
            case 1: features.activation = features.activation == .gelu ? .relu : .gelu
            case 2:
                features.includesInput.toggle()
                features.width += features.includesInput ? -6 : 6
                guard features.width > 0 else { continue }
            default: other.projection![5] += 1
            }
            other.configuration.featureMap = .random(features)
            #expect(throws: MergeError.self) { try other.withState { _ = try classifier.merge($0) } }
        }
        #expect(classifier.samples == 40)
        guard map.activation == .cosine else { return }
        var other = parts
        other.phases![3] = 0.123
        #expect(throws: MergeError.self) { try other.withState { _ = try classifier.merge($0) } }
        other.phases = nil
        #expect(throws: RestoreError.size(part: "feature_map.phase", count: 0, expected: map.width)) { try other.restored() }
        other.phases = [Float](repeating: .nan, count: map.width)
        #expect(throws: RestoreError.value(part: "feature_map.phase", index: 0)) { try other.restored() }
    }

    // MARK: The scale that chooses itself

    private static func automatic(_ dimension: Int = 2) throws -> Classifier {
        try Classifier(
            ModelConfiguration(dimension: dimension, featureMap: .random(RandomFeatures(.cosine, width: 24, seed: 1, scale: .automatic))))
    }

    private static func scale(_ classifier: Classifier) -> RandomFeatures.Scale? {
        guard case .random(let features) = classifier.configuration.featureMap else { return nil }
        return features.scale
    }

    @Test func theFirstRows_chooseTheMedianDistance() throws {
        let classifier = try Self.automatic()
        // Distances 3, 4, 5, and pairs of equal rows, which do not count.
        try classifier.learn(features: [0, 0, 3, 0, 3, 4, 0, 0], labels: ["a", "b", "c", "a"])
        // 3, 3, 4, 5, 5.
        #expect(Self.scale(classifier) == .fixed(4))
        try classifier.learn(features: [100, 0, -100, 7], labels: ["a", "b"])
        #expect(Self.scale(classifier) == .fixed(4))
        let other = try Self.automatic()
        // An even number of distances: 1, 2, 3, 3, 5, 6 of four rows on a line.
        try other.learn(features: [0, 0, 1, 0, 3, 0, 6, 0], labels: ["a", "b", "c", "a"])
        #expect(Self.scale(other) == .fixed(3))
        let many = try Self.automatic(1)
        // Only the first 500 rows count.
        try many.learn(features: (0..<800).map { $0 < 500 ? Double($0 % 2) : 1e9 }, labels: (0..<800).map { "\($0 % 3)" })
        #expect(Self.scale(many) == .fixed(1))
    }

    @Test func aScaleSetByHand_givesTheSameModel() throws {
        let digits = try Digits()
        let labels = (0..<60).map { "\(digits.labels[$0])" }
        let automatic = try Self.automatic(64)
        _ = try withoutLentThreads { try automatic.learn(features: digits.rows(0..<60), labels: labels) }
        guard case .fixed(let number)? = Self.scale(automatic) else {
            Issue.record("no scale was chosen")
            return
        }
        let manual = try Classifier(
            ModelConfiguration(dimension: 64, featureMap: .random(RandomFeatures(.cosine, width: 24, seed: 1, scale: .fixed(number)))))
        _ = try withoutLentThreads { try manual.learn(features: digits.rows(0..<60), labels: labels) }
        #expect(automatic.weights(for: ["0", "7"]) == manual.weights(for: ["0", "7"]))
        #expect(automatic.configuration == manual.configuration)
    }

    @Test func rowsWithoutAScale_areRefusedAndChangeNothing() throws {
        let classifier = try Self.automatic()
        #expect(throws: LearnError.scale(.equalRows(1))) { try classifier.learn(features: [1, 2], labels: ["a"]) }
        #expect(throws: LearnError.scale(.equalRows(3))) {
            try classifier.learn(features: [1, 2, 1, 2, 1, 2], labels: ["a", "b", "a"])
        }
        for size in [1e-40, 1e40, 0x1p-1074] {
            #expect(throws: LearnError.self) { try classifier.learn(features: [0, 0, size, 0], labels: ["a", "b"]) }
        }
        #expect(Self.scale(classifier) == .automatic && classifier.version == 0 && classifier.registry.count == 0)
        // Rows that are not confirmed leave the scale open, and so does a lack of memory.
        let features = [0.0, 0, 0, 5]
        let columns = classifier.intern(["a", "b"])
        let outcome = try features.withUnsafeBufferPointer {
            try classifier.learn(
                features: $0, columns: columns, spans: [RequestSpan(rows: 2, knownClasses: 0)], isForLater: false, confirm: { false })
        }
        #expect(outcome == nil && Self.scale(classifier) == .automatic)
        classifier.memoryLimit = 1
        #expect(throws: (any Error).self) { try classifier.learn(features: features, labels: ["a", "b"]) }
        classifier.memoryLimit = .max
        classifier.forgetClasses(from: 0)
        #expect(Self.scale(classifier) == .automatic)
        try classifier.learn(features: features, labels: ["a", "b"])
        #expect(Self.scale(classifier) == .fixed(5))
        // The scale stays when all rows go.
        try classifier.unlearn(features: features, labels: ["a", "b"])
        try classifier.learn(features: [0, 0, 0, 1], labels: ["a", "b"])
        #expect(Self.scale(classifier) == .fixed(5))
    }

    @Test func aModelWithoutAScale_isSavedAndRestored_andMergesWithNone() throws {
        let empty = try Self.automatic()
        let restored = try SavedParts(empty).restored()
        try restored.learn(features: [0, 0, 0, 5], labels: ["a", "b"])
        #expect(Self.scale(restored) == .fixed(5))
        #expect(throws: MergeError.differs(part: "feature_map.scale", mine: "auto", theirs: "5.0")) { try empty.merge(restored) }
        #expect(throws: MergeError.differs(part: "feature_map.scale", mine: "5.0", theirs: "auto")) { try restored.merge(empty) }
    }
}
