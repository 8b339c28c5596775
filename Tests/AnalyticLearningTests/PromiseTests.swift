import Foundation
import Testing

@testable import AnalyticLearning

/// What rejection and sets promise, measured on rows before they are learned.
@Suite struct PromiseTests {
    /// Learns rows in requests, and asks for each row of a known class what the state before its request says.
    private struct Run {
        let classifier: Classifier
        var known = 0
        var rejected = 0
        var covered = [Int](repeating: 0, count: 4)
        var labels = [Int](repeating: 0, count: 4)
        var judged = [Int](repeating: 0, count: 4)
        private var workspace = ScoreWorkspace()
        private var scratch: [Double] = []

        init(_ classifier: Classifier) { self.classifier = classifier }

        mutating func learn(_ features: [Double], _ labels: [String], share: Double = 0.01) throws {
            if let weights = classifier.publish(), let scorer = weights.scorer(.plain) {
                scorer.score(features.map(Float.init), workspace: &workspace)
                for (row, label) in labels.enumerated() {
                    let scores = Array(workspace.scores[(row * scorer.classCount)..<((row + 1) * scorer.classCount)])
                    guard let column = weights.labels.firstIndex(where: { $0.text == label }) else { continue }
                    reject(scores, weights, share)
                    judge(scores, column, scorer)
                }
            }
            try classifier.learn(features: features, labels: labels)
        }

        private mutating func reject(_ scores: [Float], _ weights: PublishedWeights, _ share: Double) {
            guard case .success(let measure) = weights.novelty,
                let threshold = weights.noveltyQuantiles.threshold(share: share, measure)
            else { return }
            known += 1
            let novelty = scores.withUnsafeBufferPointer { measure.novelty($0, scratch: &scratch)! }
            rejected += novelty > threshold ? 1 : 0
        }

        private mutating func judge(_ scores: [Float], _ column: Int, _ scorer: Scorer) {
            guard let calibration = scorer.calibration else { return }
            let softmax = calibration.softmax(scores, row: 0..<scores.count)
            for level in CoverageLevel.allCases {
                guard let threshold = calibration.coverage(level) else { continue }
                let least = softmax.score(probability: threshold.leastProbability)
                judged[level.index] += 1
                covered[level.index] += Double(scores[column]) >= least ? 1 : 0
                labels[level.index] += scores.count { Double($0) >= least }
            }
        }

        var rejectedShare: Double { Double(rejected) / Double(known) }
    }

    @Test func onDigits_oneInAHundredKnownRowsIsRejected() throws {
        var (rejected, known) = (0, 0)
        for seed in 0..<5 {
            let stream = try DigitStream(seed: UInt64(20 + seed))
            var run = Run(try stream.digits.classifier())
            for range in stream.requests { try run.learn(stream.digits.rows(stream.order[range]), stream.labels(range)) }
            (rejected, known) = (rejected + run.rejected, known + run.known)
        }
        print("digits: \(rejected) of \(known) rejected")
        #expect(known > 3000)
        #expect((0.005...0.02).contains(Double(rejected) / Double(known)))
    }

    /// Rows around means that move across the space, and become wider.
    private func row(_ index: Int, of count: Int, shares: [Double], spread: Double, _ generator: inout SplitMix64) -> ([Double], String) {
        var (left, label) = (Double.random(in: 0..<1, using: &generator), 0)
        while label + 1 < shares.count, left >= shares[label] {
            left -= shares[label]
            label += 1
        }
        let time = Double(index) / Double(count)
        return ((0..<16).map { generator.normal() * spread + ($0 == label ? 2 : 0) + ($0 == 15 ? 3 * time : 0.5) }, "\(label)")
    }

    @Test(arguments: [0.01, 0.05]) func onADriftingStream_theShareOfKnownRowsIsRejected(share: Double) throws {
        var generator = SplitMix64(state: 9)
        let configuration = ModelConfiguration(dimension: 16, featureMap: .randomRelu(width: 48, seed: 1), ridge: 1)
        var run = Run(try Classifier(configuration))
        for first in stride(from: 0, to: 12_000, by: 20) {
            let time = Double(first) / 12_000
            let rows = (first..<(first + 20)).map {
                row($0, of: 12_000, shares: [0.4, 0.3, 0.2, 0.1], spread: 1 + time / 2, &generator)
            }
            try run.learn(rows.flatMap(\.0), rows.map(\.1), share: share)
        }
        print("drift: \(run.rejectedShare) rejected of \(run.known), \(share) asked")
        #expect((share / 2...share * 2).contains(run.rejectedShare))
    }

    @Test func setsCoverWhatWasAsked_alsoWhenTheSharesOfClassesChange() throws {
        var generator = SplitMix64(state: 10)
        var run = Run(try Classifier(ModelConfiguration(dimension: 16, ridge: 1)))
        for first in stride(from: 0, to: 20_000, by: 10) {
            let shares = first < 10_000 ? [0.5, 0.3, 0.1, 0.06, 0.04] : [0.04, 0.06, 0.1, 0.3, 0.5]
            let rows = (first..<(first + 10)).map { row($0, of: 20_000, shares: shares, spread: 1, &generator) }
            try run.learn(rows.flatMap(\.0), rows.map(\.1))
        }
        for level in CoverageLevel.allCases {
            let (covered, size) = (
                Double(run.covered[level.index]) / Double(run.judged[level.index]),
                Double(run.labels[level.index]) / Double(run.judged[level.index])
            )
            print("sets: \(level.rawValue) asked, \(covered) covered, \(size) labels")
            #expect(abs(covered - level.rawValue) < 0.01, "\(level)")
            let reported = try #require(run.classifier.publish()?.calibration(of: .plain)?.coverage(level))
            #expect(abs(try #require(reported.covered) - level.rawValue) < 0.02)
            #expect(try #require(reported.meanSize) > 0)
        }
        // A model that is nearly always right, asked for less: some sets are empty, and the promise still holds.
        let stream = try DigitStream(seed: 3)
        var digits = Run(try stream.digits.classifier())
        for range in stream.requests { try digits.learn(stream.digits.rows(stream.order[range]), stream.labels(range)) }
        let share = Double(digits.covered[0]) / Double(digits.judged[0])
        #expect(abs(share - 0.8) < 0.03)
        #expect(digits.labels[0] < digits.judged[0])
    }

    @Test func theStateIsRestored_andReset() throws {
        var generator = SplitMix64(state: 11)
        let classifier = try Classifier(ModelConfiguration(dimension: 16, ridge: 1))
        for first in stride(from: 0, to: 1500, by: 50) {
            let rows = (first..<(first + 50)).map { row($0, of: 1500, shares: [0.5, 0.3, 0.2], spread: 1, &generator) }
            try classifier.learn(features: rows.flatMap(\.0), labels: rows.map(\.1))
        }
        let weights = try #require(classifier.publish())
        let restored = try #require(try SavedParts(classifier).restored().publish())
        #expect(restored.noveltyQuantiles == weights.noveltyQuantiles && weights.noveltyQuantiles.rows > 1000)
        #expect(restored.calibration(of: .plain) == weights.calibration(of: .plain))
        #expect(weights.calibration(of: .plain)?.coverage(.ninetyNine100ths) != nil)
        // Half of the rows leave: so does half of the weight.
        let early = try #require(try SavedParts(classifier).withState { try PublishedWeights.stored(in: $0) })
        #expect(early.noveltyQuantiles == weights.noveltyQuantiles)
        #expect(try early.novelty.get().rows == 1500)
        try classifier.setRidge(2)
        let reset = try #require(classifier.publish())
        #expect(reset.noveltyQuantiles.rows == 0 && reset.calibration(of: .plain) == nil)
    }

    @Test func aHistogramForgets_andFindsQuantiles() {
        var histogram = DecayingHistogram(limit: 8, width: 1.0 / 16)
        var generator = SplitMix64(state: 12)
        for row in 0..<400_000 {
            let value = generator.normal() + (row < 200_000 ? -3 : 1)
            histogram.add(value, memory: 5000)
            if row == 199_999 { #expect(abs(histogram.value(above: 0.01) - (2.326 - 3)) < 0.15) }
        }
        #expect(abs(histogram.value(above: 0.5) - 1) < 0.05)
        #expect(abs(histogram.value(above: 0.01) - 3.326) < 0.15)
        #expect(abs(histogram.weight - 5000) < 1)
        #expect(DecayingHistogram.isPossible(histogram.saved[...]))
        var copy = DecayingHistogram(limit: 8, width: 1.0 / 16)
        copy.restore(histogram.saved[...])
        #expect(copy == histogram)
        histogram.fade(to: 0.5)
        #expect(abs(histogram.weight - 2500) < 1)
        #expect(histogram.value(above: 0.5) == copy.value(above: 0.5))
    }
}
