import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// A discriminant through everything that happens to balanced weights.
@Suite struct DiscriminantStateTests {
    private let digits = try! Digits()

    private func classifier(_ labels: [Int] = Array(0..<10), rows: Int = 400) throws -> Classifier {
        let configuration = ModelConfiguration(
            dimension: Digits.dimension, featureMap: .randomRelu(width: 128, seed: 3), imbalance: .discriminant())
        let classifier = try Classifier(configuration)
        let chosen = digits.labels.indices.filter { labels.contains(digits.labels[$0]) }.prefix(rows)
        try classifier.learn(features: digits.rows(chosen), labels: chosen.map { "\(digits.labels[$0])" })
        return classifier
    }

    private func scorer(_ classifier: Classifier) throws -> Scorer {
        let published = try #require(classifier.publish())
        return try #require(published.scorer(.balanced))
    }

    /// The scores of some digits by the balanced weights, in Float32 and in Float64.
    private func scores(_ classifier: Classifier) throws -> (narrow: [[Float]], wide: [[Double]]) {
        let scorer = try scorer(classifier)
        #expect(scorer.kind == .balanced)
        let features = digits.rows(1000..<1040)
        var workspace = ScoreWorkspace()
        scorer.score(features.map(Float.init), workspace: &workspace)
        let count = scorer.classCount
        let narrow = (0..<40).map { Array(workspace.scores[($0 * count)..<(($0 + 1) * count)]) }
        return (narrow, (0..<40).map { scorer.scoreInDouble(Array(features[($0 * 64)..<(($0 + 1) * 64)])) })
    }

    @Test(arguments: [40, 400, 1500]) func everyWayOfScoring_givesTheSameScores(rows: Int) throws {
        let classifier = try classifier(rows: rows)
        try classifier.rebalance()
        let weights = try #require(classifier.balanced)
        let rule = try #require(weights.rule)
        #expect((rule.productCount > weights.classCount) == (rows < 1500), "rich classes need no cosines")
        let (narrow, wide) = try scores(classifier)
        let map = classifier.featureMap
        var buffer = try Matrix(rows: 128, columns: 0)
        let mapped = try digits.rows(1000..<1040).withUnsafeBufferPointer { features in
            try map.withMapped(features, buffer: &buffer) { (h) throws(LinearAlgebraError) in weights.scores(of: h) }
        }
        for row in 0..<40 {
            for column in 0..<weights.classCount {
                #expect(abs(mapped[row][column] - wide[row][column]) < 1e-3)
                #expect(abs(Double(narrow[row][column]) - wide[row][column]) < 1e-3 * max(1, abs(wide[row][column])))
            }
        }
        // The same bits alone and with others.
        let scorer = try scorer(classifier)
        var workspace = ScoreWorkspace()
        for row in 0..<40 {
            scorer.score(digits.rows([1000 + row]).map(Float.init), workspace: &workspace)
            #expect(workspace.scores.map(\.bitPattern) == narrow[row].map(\.bitPattern))
        }
    }

    @Test func rowsThatFitNoFloat_haveFiniteScores() throws {
        let classifier = try classifier()
        try classifier.rebalance()
        let published = try #require(classifier.publish())
        let scorer = try #require(published.scorer(.balanced))
        for magnitude in [0, 1e-300, 1e-40, 1e12, 1e30, 1e50] {
            let row = digits.rows([1000]).map { $0 * magnitude }
            #expect(scorer.scoreInDouble(row).allSatisfy { $0.isFinite })
            #expect(published.predict(row.map(Float.init)).count == 1)
        }
    }

    @Test func oneClass_isPredicted_whateverItsPlainScore() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 2, imbalance: .discriminant()))
        try classifier.learn(features: [1, 0, 0, 1], labels: ["gone", "here"])
        try classifier.unlearn(features: [1, 0], labels: ["gone"])
        try classifier.rebalance()
        let published = try #require(classifier.publish())
        #expect(published.defaultWeights == .balanced)
        #expect(published.predict([3, -5])[0].label.text == "here")
        #expect(published.predict([3, -5], weights: .plain)[0].label.text == "gone")
    }

    @Test func aClassWithoutRows_isNeverPredicted() throws {
        let classifier = try classifier()
        let rows = digits.labels.indices.prefix(400).filter { digits.labels[$0] == 3 }
        try classifier.unlearn(features: digits.rows(rows), labels: rows.map { _ in "3" })
        try classifier.rebalance()
        let column = try #require(classifier.registry.column(of: "3"))
        for scores in try scores(classifier).wide { #expect(scores[column] == scores.min() && scores[column].isFinite) }
    }

    @Test func aDeletedClass_leavesTheOthersTheirScores() throws {
        let classifier = try classifier(rows: 200)
        try classifier.rebalance()
        let before = try scores(classifier).wide
        let column = try #require(classifier.registry.column(of: "5"))
        try classifier.deleteClass("5")
        #expect(classifier.balanced != nil && classifier.needsBalancing)
        let rule = try #require(classifier.balanced?.rule)
        for (row, after) in zip(before, try scores(classifier).wide) {
            var rest = row
            rest.remove(at: column)
            // Without the class, margins of the others may grow.
            for (mine, theirs) in zip(rest, after) { #expect(theirs >= mine - 1e-9 && (theirs <= mine + 1e-9 || rule.hasMargins)) }
        }
        try classifier.rebalance()
        #expect(try scores(classifier).wide.allSatisfy { $0.count == 9 })
        for digit in [0, 1, 2, 3, 4, 6, 7, 8, 9] { try classifier.deleteClass(Label(stringLiteral: "\(digit)")) }
        #expect(classifier.balanced == nil && !classifier.needsBalancing)
    }

    @Test func aRenamedClass_keepsItsScores() throws {
        let classifier = try classifier()
        try classifier.rebalance()
        let before = try scores(classifier).wide
        try classifier.renameClass("7", to: "seven")
        #expect(try scores(classifier).wide == before && classifier.needsBalancing)
    }

    @Test func aSnapshot_hasEveryBit_andContradictionsAreRefused() throws {
        let classifier = try classifier(rows: 60)
        try classifier.rebalance()
        let parts = try SavedParts(classifier)
        let restored = try parts.restored()
        #expect(restored.balanced?.rule == classifier.balanced?.rule && restored.balancedVersion == classifier.balancedVersion)
        #expect(try scores(restored).wide == scores(classifier).wide)
        var wrong = parts
        wrong.discriminant?.weights[5] = .nan
        #expect(throws: RestoreError.self) { try wrong.restored() }
        wrong = parts
        wrong.discriminant?.weights.removeLast(128)
        #expect(throws: RestoreError.self) { try wrong.restored() }
        wrong = parts
        wrong.labels.removeLast()
        #expect(throws: RestoreError.self) { try wrong.restored() }
        // Weights of another kind than the setting are no discriminant.
        wrong = parts
        wrong.discriminant = nil
        #expect(try wrong.restored().balanced == nil)
    }

    @Test func aStateWithoutScatterWithinItsClasses_hasNone_andSaysSo() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 8, ridge: 1e-12, imbalance: .discriminant()))
        // Each class is one row again and again: the labels follow from the rows.
        for _ in 0..<3 {
            try classifier.learn(features: (0..<32).map { $0 % 9 == 0 ? 1 : 0 }, labels: ["a", "b", "c", "d"])
        }
        let error = #expect(throws: BalanceError.self) { try classifier.rebalance() }
        guard case .unavailable(let unavailable) = error else { throw BalanceError.noClass }
        #expect(unavailable.reason == .illConditioned && classifier.balanceUnavailable == unavailable)
        #expect(!classifier.needsBalancing, "nothing to try again until the state changes")
        let published = try #require(classifier.publish())
        #expect(published.balanceUnavailable == unavailable && published.defaultWeights == .plain)
        var generator = SplitMix64(state: 1)
        try classifier.learn(features: (0..<800).map { _ in generator.normal() }, labels: (0..<100).map { ["a", "b", "c", "d"][$0 % 4] })
        #expect(classifier.needsBalancing)
        try classifier.setRidge(1)
        try classifier.rebalance()
        #expect(classifier.balanceUnavailable == nil && classifier.balanced != nil)
    }

    @Test func probabilities_followFromTheScores() throws {
        let classifier = try classifier(rows: 300)
        try classifier.rebalance()
        for start in stride(from: 300, to: 1700, by: 50) {
            let rows = start..<(start + 50)
            try classifier.learn(features: digits.rows(rows), labels: rows.map { "\(digits.labels[$0])" })
            try classifier.rebalance()
        }
        let calibration = try #require(classifier.calibration(of: .balanced))
        #expect(calibration.samples > 500 && calibration.temperature > 0.01 && calibration.temperature < 10)
        let error = try #require(calibration.expectedCalibrationError)
        #expect(error < 0.05, "\(calibration)")
    }

    @Test func memory_isCounted() {
        let configuration = ModelConfiguration(dimension: 256, imbalance: .discriminant())
        let plain = ModelConfiguration(dimension: 256)
        // V and Z in Float64 and in Float32, and the rule.
        let more = configuration.estimatedBytes(classes: 20)! - plain.estimatedBytes(classes: 20)!
        #expect(more >= 256 * 40 * 12 && more <= 256 * 40 * 12 + 8 * 3 * 20 * 36 + 8 * 6 * 20)
        #expect(configuration.estimatedBalanceBytes(classes: 20)! < 8 * 256 * 256 * 20)
        #expect(configuration.estimatedBalanceBytes(classes: 0) != nil)
    }
}
