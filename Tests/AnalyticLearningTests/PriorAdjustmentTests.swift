import Foundation
import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// Scores for other class shares: against the formula written out, and what it does for rare classes.
@Suite struct PriorAdjustmentTests {
    /// A class without rows in the middle.
    private static let counts = [70, 5, 0, 25]

    private func offsets(_ target: PriorTarget, _ counts: [Int] = counts, exponent: Double = 1, temperature: Double = 0.3) -> [Double]? {
        PriorAdjustment(target, from: ClassPrior(counts: counts, exponent: exponent), temperature: temperature)?.offsets
    }

    /// T(log π′ − log π), and the lowest of them for classes without rows.
    private func direct(_ shares: [Double], _ counts: [Int] = counts, exponent: Double = 1, temperature: Double = 0.3) -> [Double] {
        let powers = counts.map { $0 > 0 ? pow(Double($0), exponent) : 0 }
        let sum = zip(shares, powers).reduce(0) { $1.1 > 0 ? $0 + $1.0 : $0 }
        let all = powers.indices.map {
            temperature
                * (log(shares[$0] / sum)
                    - log(powers[$0] / powers.reduce(0, +)))
        }
        let lowest = all.indices.filter { counts[$0] > 0 }.map { all[$0] }.min()!
        return all.indices.map { counts[$0] > 0 ? all[$0] : lowest }
    }

    private func expectClose(_ one: [Double]?, _ other: [Double], _ comment: String = "") {
        #expect(
            one?.count == other.count && zip(one ?? [], other).allSatisfy { abs($0 - $1) < 1e-12 }, "\(comment): \(one ?? []), \(other)")
    }

    @Test(arguments: [0, 0.25, 0.5, 0.75, 1, 1 / 3] as [Double], [1, 0.5, 0, -1] as [Double]) func balance_isAPowerOfTheShares(
        balance: Double, exponent: Double
    ) {
        let shares = Self.counts.map { $0 > 0 ? pow(Double($0), exponent * (1 - balance)) : 0 }
        expectClose(offsets(.balance(balance), exponent: exponent), direct(shares, exponent: exponent), "\(balance) \(exponent)")
    }

    @Test func givenShares_areTaken_andTheOthersKeepTheirProportions() {
        func given(_ shares: (Int, Double)...) -> PriorTarget { .shares(shares.map { PriorTarget.ClassShare(column: $0, share: $1) }) }
        expectClose(offsets(given((0, 0.1), (1, 0.6), (3, 0.3))), direct([0.1, 0.6, 1, 0.3]))
        // 70 and 25 of 95 rows share what is left.
        expectClose(offsets(given((1, 0.6))), direct([0.4 * 70 / 95, 0.6, 1, 0.4 * 25 / 95]))
        // Shares that do not add up to 1 are scaled if there are no others; a class without rows cannot use its share.
        expectClose(offsets(given((0, 0.2), (1, 0.2), (3, 0.4))), direct([0.25, 0.25, 1, 0.5]))
        expectClose(offsets(given((0, 0.2), (1, 0.2), (2, 0.2), (3, 0.4))), direct([0.25, 0.25, 1, 0.5]))
        // Nothing is left, or a share is zero: such classes stay possible, barely.
        expectClose(offsets(given((0, 1))), direct([1, 1e-12 * 5 / 30, 1, 1e-12 * 25 / 30]))
        expectClose(offsets(given((0, 0.5), (1, 0), (3, 0.5))), direct([0.5, 1e-12, 1, 0.5]))
        // Weights that do not know a class.
        expectClose(offsets(given((1, 0.5), (4, 0.2))), direct([0.3 * 70 / 95, 0.5, 1, 0.3 * 25 / 95]))
    }

    @Test func nothingIsAdjusted_withoutRows() {
        #expect(offsets(.balance(1), [0, 0]) == nil && offsets(.balance(1), []) == nil)
        expectClose(offsets(.balance(1), [3]), [0])
    }

    // MARK: Published states

    /// A long-tailed stream in requests of five rows, so that there is a temperature.
    private func longTailed(_ stream: LongTail, _ imbalance: Imbalance = .none) throws -> Classifier {
        let count = stream.sizes.reduce(0, +)
        return try stream.classifier(imbalance, batches: [Int](repeating: 5, count: count / 5) + (count % 5 > 0 ? [count % 5] : []))
    }

    private func accuracies(_ published: PublishedWeights, _ stream: LongTail, _ target: PriorTarget) -> (Double, Double) {
        let predictions = published.predict(stream.digits.rows(stream.test).map(Float.init), target: target)
        var (right, rows) = ([Double](repeating: 0, count: 10), [Double](repeating: 0, count: 10))
        for (index, prediction) in zip(stream.test, predictions) {
            let label = stream.digits.labels[index]
            rows[label] += 1
            if prediction.label == "\(label)" { right[label] += 1 }
        }
        return (right.reduce(0, +) / rows.reduce(0, +), zip(right, rows).reduce(0) { $0 + $1.0 / $1.1 } / 10)
    }

    @Test func longTailedDigits_areBalanced() throws {
        let stream = try LongTail()
        let classifier = try longTailed(stream)
        let published = try #require(classifier.publish())
        let (plain, plainBalanced) = accuracies(published, stream, .balance(0))
        let (adjusted, adjustedBalanced) = accuracies(published, stream, .balance(1))
        #expect(
            adjusted > plain + 0.03 && adjustedBalanced > plainBalanced + 0.03, "\(plain) \(plainBalanced) \(adjusted) \(adjustedBalanced)")
        #expect(adjustedBalanced > 0.89, "\(adjustedBalanced)")
        // The default of the configuration is what predictions without a target have.
        try classifier.setBalance(1)
        let standard = try #require(classifier.publish())
        let rows = stream.digits.rows(stream.test).map(Float.init)
        let (one, other) = (standard.predict(rows), published.predict(rows, target: .balance(1)))
        #expect(one.map(\.label) == other.map(\.label) && one.map(\.score) == other.map(\.score))
        #expect(standard.version == published.version + 1)
        #expect(try !classifier.reconfigure(balance: 1))
        #expect(throws: ConfigurationError.self) { try classifier.setBalance(1.01) }
    }

    @Test func scores_areThoseOfTheFormula() throws {
        let stream = try LongTail()
        let classifier = try longTailed(stream, .reweight(power: 0.5))
        try classifier.rebalance()
        try stream.learn(stream.order.indices, classifier)
        let published = try #require(classifier.publish())
        for (kind, exponent) in [(WeightsKind.plain, 1.0), (.balanced, 0.5)] {
            let temperature = try #require(published.calibration(of: kind)).temperature
            let adjustment = try #require(published.adjustment(.balance(0.5), of: kind))
            let shares = published.counts.map { pow(Double($0), exponent / 2) }
            expectClose(adjustment.offsets, direct(shares, published.counts, exponent: exponent, temperature: temperature), "\(kind)")
            let scorer = try #require(published.scorer(kind))
            var workspace = ScoreWorkspace()
            scorer.score(stream.digits.rows(stream.test.prefix(3)).map(Float.init), workspace: &workspace)
            let before = workspace.scores
            workspace.adjust(from: scorer.classCount, by: adjustment)
            for (index, score) in workspace.scores.enumerated() {
                let offset = index / scorer.classCount == 1 ? adjustment.offsets[index % scorer.classCount] : 0
                #expect(score == Float(Double(before[index]) + offset))
            }
        }
        // Other balances follow one another.
        for balance in [1, 0.5, 1] {
            expectClose(
                published.adjustment(.balance(balance), of: .plain)?.offsets,
                direct(
                    published.counts.map { pow(Double($0), 1 - balance) }, published.counts,
                    temperature: published.calibration(of: .plain)!.temperature))
        }
        #expect(published.adjustment(.balance(0), of: .plain) == nil)
    }

    @Test func withoutATemperature_scoresStay() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 2, balance: 1))
        try classifier.learn(features: [1, 0, 1, 0.1, 0, 1], labels: ["a", "a", "b"])
        let published = try #require(classifier.publish())
        #expect(published.adjustment(.balance(1), of: .plain) == nil)
        #expect(published.predict([1, 1]).map(\.score) == published.predict([1, 1], target: .balance(0)).map(\.score))
    }

    @Test func balancedWeightsThatDoNotExist_scoreNothing() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 2, imbalance: .pseudoFeatures(noise: 1, cap: 2, seed: 0)))
        try classifier.learn(features: [1, 0, 0, 1], labels: ["a", "b"])
        #expect(classifier.publish()?.scorer(.balanced) == nil && classifier.publish()?.scorer()?.kind == .plain)
        try classifier.rebalance()
        #expect(classifier.publish()?.scorer(.balanced)?.kind == .balanced)
    }
}
