import Foundation
import LinearAlgebra
import Testing

@testable import AnalyticLearning

@Suite struct PseudoFeatureTests {
    @Test func aefoclDigits_agreesWithTheReference() throws {
        let stream = try LongTail()
        let file = try Vectors("aefocl_digits")
        let classifier = try stream.classifier()
        let (counts, means, deviations) = (try file.integers("count"), try file.doubles("mean"), try file.doubles("std"))
        for label in 0..<10 {
            let column = try #require(classifier.registry.column(of: "\(label)"))
            #expect(classifier.counts[column] == counts[label])
            let rows = stream.order.filter { stream.digits.labels[$0] == label }
            let (mean, deviation) = classifier.withMoments { moments in
                let divisor = Double(counts[label] - 1)
                return ((0..<64).map { moments.mean[$0, column] }, (0..<64).map { (moments.m2[$0, column] / divisor).squareRoot() })
            }
            let expected = Array(means[(label * 64)..<(label * 64 + 64)])
            #expect(relativeDifference(mean, expected) < 1e-10)
            let reference = Array(deviations[(label * 64)..<(label * 64 + 64)])
            #expect(relativeDifference(deviation, reference) < 1e-7)
            let twoPass = (0..<64).map { i -> Double in
                let values = rows.map { stream.digits.features[$0 * 64 + i] }
                let mean = values.reduce(0, +) / Double(values.count)
                return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
            }
            #expect(relativeDifference(deviation, twoPass) < 1e-12)
        }
        #expect(relativeDifference(classifier.weights(for: LongTail.labels), try file.doubles("weight_unbalanced")) < 1e-8)
        let h = try stream.mappedTest()
        let plain = try classifier.withWeights { try stream.accuracies($0, classifier, h) }
        #expect(abs(plain.balanced - 0.8492861214557091) < 1e-12)
        #expect(abs(plain.plain - 0.8511111111111112) < 1e-12)
    }

    /// 100 seeds with all draws, as published; and the effect of a smaller cap on the accuracy (0.8493 without any draws).
    @Test func capZero_reachesTheReferencesBalancedAccuracy() throws {
        let stream = try LongTail()
        let h = try stream.mappedTest()
        let classifier = try stream.classifier(.pseudoFeatures(noise: 1, cap: 0, seed: 0))
        for (cap, seeds, expected) in [(0, 100, 0.8977), (32, 30, 0.8834), (8, 30, 0.8655)] {
            var (sum, plain) = (0.0, 0.0)
            for seed in 0..<seeds {
                try classifier.setImbalance(.pseudoFeatures(noise: 1, cap: cap, seed: UInt64(seed)))
                try classifier.rebalance()
                let accuracies = try #require(classifier.balanced).withWeights { try! stream.accuracies($0, classifier, h) }
                sum += accuracies.balanced
                plain += accuracies.plain
            }
            #expect(abs(sum / Double(seeds) - expected) < 0.004, "cap \(cap), accuracy \(plain / Double(seeds))")
        }
    }

    @Test func aSmallerCap_isUnbiasedInTheSums() throws {
        let stream = try LongTail()
        let classifier = try stream.classifier(.pseudoFeatures(noise: 1, cap: 0, seed: 0))
        var sums: [Int: [Double]] = [:]
        var differences: [Double] = []
        for seed in 0..<144 {
            for cap in [0, 32] {
                try classifier.setImbalance(.pseudoFeatures(noise: 1, cap: cap, seed: UInt64(seed)))
                var problem = try classifier.core.balanceProblem(
                    classifier.configuration, labels: classifier.registry.labels, epoch: classifier.epoch)
                try problem.assemble { false }
                // A part of G̃ suffices, and all of Q̃.
                var drawn: [Double] = []
                for column in 0..<32 { for row in column..<256 { drawn.append(problem.normal[row, column]) } }
                problem.right.withElements { drawn.append(contentsOf: $0) }
                sums[cap] = sums[cap].map { zip($0, drawn).map(+) } ?? drawn
            }
            if seed + 1 == 9 || seed + 1 == 144 { differences.append(relativeDifference(sums[32]!, sums[0]!)) }
        }
        // Sixteen times as many seeds leave a quarter of the difference of the means.
        #expect(differences[0] < 0.03)
        #expect(differences[1] < 0.006)
        #expect(differences[1] < differences[0] / 2.5)
    }

    @Test func draws_areNormal_andDependOnEverythingNamed() {
        var values = [Double](repeating: 0, count: 64)
        var (sum, squares, fourth, cross) = (0.0, 0.0, 0.0, 0.0)
        let draws = NormalDraws(seed: 3, label: "cat")
        for draw in 0..<3000 {
            values.withUnsafeMutableBufferPointer { draws.fill($0, draw: draw) }
            for (index, value) in values.enumerated() {
                sum += value
                squares += value * value
                fourth += value * value * value * value
                if index > 0 { cross += value * values[index - 1] }
            }
        }
        let count = 192_000.0
        // Five deviations of each estimate.
        #expect(abs(sum / count) < 5 / count.squareRoot())
        #expect(abs(squares / count - 1) < 5 * (2 / count).squareRoot())
        #expect(abs(fourth / count - 3) < 5 * (96 / count).squareRoot())
        #expect(abs(cross / count) < 5 / count.squareRoot())

        func row(_ seed: UInt64, _ label: Label, _ draw: Int, _ count: Int = 7) -> [Double] {
            [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
                buffer.initialize(repeating: 0)
                NormalDraws(seed: seed, label: label).fill(buffer, draw: draw)
                initialized = count
            }
        }
        let base = row(1, "a", 5)
        #expect(row(1, "a", 5) == base)
        #expect(row(1, "a", 5, 5) == Array(base.prefix(5)), "a component does not depend on how many there are")
        for other in [row(2, "a", 5), row(1, "b", 5), row(1, "a", 6), row(1, "a", 5 + 1 << 32)] {
            #expect(zip(other, base).allSatisfy { $0 != $1 })
        }
    }

    /// Computed with Python from the formula in the documentation of `NormalDraws`, and FNV-1a's published test vectors.
    @Test func draws_haveTheSameBitsEverywhere() {
        #expect(LabelHash("a").value == 0xAF63_DC4C_8601_EC8C)
        #expect(LabelHash("foobar").value == 0x8594_4171_F739_67E8)
        var values = [Double](repeating: 0, count: 6)
        values.withUnsafeMutableBufferPointer { NormalDraws(seed: 42, label: "foobar").fill($0, draw: 7) }
        #expect(values.map(\.bitPattern) == Self.bits)
    }

    static let bits: [UInt64] = [
        4_608_240_515_163_273_195, 4_607_427_245_776_834_194, 13_814_212_306_551_980_666, 4_607_419_622_024_202_850,
        4_604_763_101_272_541_270, 4_604_007_252_338_368_676,
    ]

    @Test func logarithmAndTurn_areAsGoodAsTheCLibrarys() {
        var generator = SplitMix64(state: 1)
        var words: [UInt32] = [0, 1, .max, .max - 1, 1 << 31, (1 << 31) - 1, 1 << 30, 1 << 29, (1 << 29) - 1, 3_037_000_499]
        for _ in 0..<20_000 { words.append(UInt32.random(in: 0 ... .max, using: &generator)) }
        for word in words {
            let expected = log((2 * Double(word) + 1) / 0x1p33)
            #expect(abs(NormalDraws.logarithm(word) - expected) <= 4 * abs(expected).ulp)
            let (cosine, sine) = NormalDraws.turn(word)
            let angle = Double(word) * (2 * Double.pi / 0x1p32)
            #expect(abs(cosine - cos(angle)) < 1e-15 && abs(sine - sin(angle)) < 1e-15)
        }
        #expect(NormalDraws.turn(1 << 30).sine == 1 && NormalDraws.turn(1 << 31).cosine == -1)
    }
}
