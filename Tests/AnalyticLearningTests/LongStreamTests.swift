import Foundation
import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// Long streams through the recursion: the weights stay those of the joint solution, drift stays below its bound, and rebuilds do not loop.
///
/// The full lengths take minutes and run if `ACCRUE_FULL` is 1; otherwise the same streams are shorter.
@Suite(.serialized) struct LongStreamTests {
    private static let isFull = ProcessInfo.processInfo.environment["ACCRUE_FULL"] == "1"

    /// The result of a stream.
    private struct Outcome {
        var difference: Double
        var health: ViewHealth
        var rebuilds: Int
        var worstDrift: Double
        /// The most possible rebuilds: one for each probe; probes are a fixed number of rows apart.
        var mostRebuilds: Int
    }

    @Test func aMillionRows_endAtTheJointWeights() throws {
        let rows = Self.isFull ? 1_000_000 : 10_000
        let outcome = try run(rows: rows, width: Self.isFull ? 256 : 128, rank: nil, ridge: 0.1, batches: [1, 3, 17, 40])
        #expect(outcome.difference < 1e-8)
        #expect(outcome.rebuilds == 0)
        #expect(outcome.worstDrift <= 1e-8)
        report("mixed batches, \(rows) rows", outcome)
    }

    @Test func singleRows_endAtTheJointWeights() throws {
        let rows = Self.isFull ? 20_000 : 2_000
        let outcome = try run(rows: rows, width: Self.isFull ? 1024 : 128, rank: nil, ridge: 0.1, batches: [1])
        #expect(outcome.difference < 1e-8)
        #expect(outcome.rebuilds == 0)
        #expect(outcome.worstDrift <= 1e-8)
        report("single rows, \(rows) rows", outcome)
    }

    @Test func rankDeficientFeatures_endAtTheJointWeights() throws {
        for batches in [[1, 3, 17, 40], [1]] {
            let rows = Self.isFull ? (batches == [1] ? 20_000 : 1_000_000) : 3_000
            let width = Self.isFull ? (batches == [1] ? 1024 : 256) : 96
            let outcome = try run(rows: rows, width: width, rank: width / 3, ridge: 1e-3, batches: batches)
            #expect(outcome.difference < 1e-6)
            // A rebuild is allowed if the drift exceeds its bound, but not repeatedly: most probes must find that it does not.
            #expect(outcome.rebuilds <= outcome.mostRebuilds / 8)
            report("rank deficient, batches \(batches), \(rows) rows", outcome)
        }
    }

    /// A ridge so small that rounding would leave the weights off by 1.1e-6 in the recursion and by 1.3e-6 in the sums, if nothing restored
    /// the digits.
    @Test func aRidgeBelowRounding_keepsTheDigitsOfTheWeights() throws {
        let outcome = try run(rows: 20_000, width: 60, rank: 20, ridge: 3e-5, batches: [16, 5])
        #expect(outcome.difference < 4e-7)
        report("rank deficient, ridge 3e-5, 20000 rows", outcome)
    }

    private func report(_ name: String, _ outcome: Outcome) {
        print(
            "\(name): relative difference \(outcome.difference), worst drift \(outcome.worstDrift) after \(outcome.health.probes) probes,",
            "\(outcome.rebuilds) rebuilds")
    }

    /// Learns a stream of normal rows of five classes.
    ///
    /// - Parameters:
    ///   - rank: of the features; nil for full.
    ///   - batches: sizes of requests, in turn.
    private func run(rows: Int, width: Int, rank: Int?, ridge: Double, batches: [Int]) throws -> Outcome {
        var generator = SplitMix64(state: UInt64(rows + width))
        let classifier = try Classifier(ModelConfiguration(dimension: width, ridge: ridge))
        let blockRows = Self.isFull ? 2048 : 512
        var joint = try ExactJointSolution(width: width, classes: 5)
        var mixing = try Matrix(rows: width, columns: rank ?? 1)
        // Scaled so that features have variance 1 for any rank.
        let scale = 1 / Double(rank ?? 1).squareRoot()
        mixing.withMutableElements { elements in for i in elements.indices { elements[i] = scale * generator.normal() } }
        let labels = (0..<5).map { "\($0)" }
        _ = classifier.intern(labels)
        var block = try Matrix(rows: width, columns: blockRows)
        var source = try Matrix(rows: rank ?? 1, columns: blockRows)
        var worstDrift = 0.0
        var (learned, turn, sinceRebuild, early) = (0, 0, 0, 0)
        let probeRows = CostModel(width: width).probeRows
        while learned < rows {
            let count = min(blockRows, rows - learned)
            try block.reshapeScratch(columns: count)
            try source.reshapeScratch(columns: count)
            if rank != nil {
                Self.fill(&source, &generator)
                block.multiply(mixing, by: source)
            } else {
                Self.fill(&block, &generator)
            }
            let columns = (0..<count).map { _ in Int(generator.next() % 5) }
            joint.add(block, columns: columns)
            var start = 0
            while start < count {
                let size = min(batches[turn % batches.count], count - start)
                turn += 1
                let before = classifier.health
                try block.withElements { elements in
                    _ = try classifier.learn(
                        features: UnsafeBufferPointer(rebasing: elements[(start * width)..<((start + size) * width)]),
                        columns: Array(columns[start..<(start + size)]), spans: [RequestSpan(rows: size, knownClasses: 5)])
                }
                let after = classifier.health
                sinceRebuild += size
                if after.probes > before.probes {
                    worstDrift = max(worstDrift, after.drift)
                    // If the bound was exceeded, there must have been a rebuild.
                    #expect(after.drift <= before.driftBound || after.solves > before.solves)
                }
                if after.solves > before.solves {
                    // Exactly one, for a probe that exceeds the bound; the probe came on schedule, or because R has shrunk by another
                    // factor of 16.
                    #expect(after.solves == before.solves + 1 && after.heals == before.heals + 1)
                    if after.driftBeforeHeal <= before.driftBound || sinceRebuild < probeRows {
                        early += 1
                        #expect(after.driftBeforeHeal > before.driftBound / 100, "rebuilt after \(sinceRebuild) rows")
                    }
                    sinceRebuild = 0
                }
                start += size
            }
            learned += count
        }
        // 16⁵ roundings exceed the bound.
        #expect(early <= 5)
        let cross = try joint.weights(ridge: ridge)
        var difference = 0.0
        classifier.withWeights { weights in
            var sum = 0.0
            for column in 0..<5 {
                for row in 0..<width {
                    let deviation = weights[row, column] - cross[row, column]
                    sum += deviation * deviation
                }
            }
            difference = sum.squareRoot() / cross.frobeniusNorm
        }
        return Outcome(
            difference: difference, health: classifier.health, rebuilds: classifier.health.solves, worstDrift: worstDrift,
            mostRebuilds: rows / probeRows)
    }

    /// Fills a matrix with sums of uniform values of variance 1, which are cheaper than normal ones.
    private static func fill(_ matrix: inout Matrix, _ generator: inout SplitMix64) {
        matrix.withMutableElements { elements in
            for i in elements.indices {
                let word = generator.next()
                let (first, second) = (Double(UInt32(truncatingIfNeeded: word)), Double(UInt32(truncatingIfNeeded: word >> 32)))
                elements[i] = ((first + second) * 0x1p-32 - 1) * 2.449_489_742_783_178
            }
        }
    }
}
