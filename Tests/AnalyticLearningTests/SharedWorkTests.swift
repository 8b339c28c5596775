import Concurrency
import Testing

@testable import AnalyticLearning
@testable import LinearAlgebra

/// Many rows at once, whose sums, scores and update of G are shared among threads or run in parallel; and blocks whose sums are shared. A
/// parallel test that factors a matrix keeps work from being cut meanwhile; then this proves less.
@Suite(.serialized) struct SharedWorkTests {
    /// With few classes, threads share the components and score afterwards; with many, they share the classes. Sums in G are compensated up
    /// to 1,024.
    @Test(arguments: [
        (2, 1024, 7), (2, 1024, 40), (5, 1024, 7), (5, 1024, 40), (2, 1040, 7), (2, 1040, 90), (5, 1040, 90),
    ])
    func manyRowsOnThreads_endAsOnOne(threads: Int, dimension: Int, classes: Int) throws {
        let rows = CostModel(width: dimension).bulkRows + 250
        var generator = SplitMix64(state: 5)
        let features = (0..<(rows * dimension)).map { _ in Double.random(in: -1...1, using: &generator) }
        // The first rows introduce all classes; they are learned before, so that the model can predict.
        let known = (0..<classes).map { "\($0)" }
        let labels = (0..<rows).map { _ in known.randomElement(using: &generator)! }
        func learn(_ threads: Int) throws -> (parts: SavedParts, accuracy: Double?, scored: Int) {
            let classifier = try Classifier(ModelConfiguration(dimension: dimension))
            try classifier.learn(features: Array(features.prefix(classes * dimension)), labels: known)
            #expect(classifier.core.path(rows: rows, classes: classes) == .bulk)
            let accuracy = try ComputeThreads.$countInTask.withValue(threads) {
                try classifier.learn(features: features, labels: labels)
            }
            let scored = classifier.plainTest.calibrator.offered
            // And a block for the recursion.
            let block = 200
            try ComputeThreads.$countInTask.withValue(threads) {
                _ = try classifier.learn(
                    features: Array(features.suffix(block * dimension)), labels: Array(labels.suffix(block)))
            }
            return (try SavedParts(classifier), accuracy, scored)
        }
        let (one, several) = (try learn(1), try learn(threads))
        #expect(several.accuracy == one.accuracy && several.accuracy != nil)
        #expect(several.scored == one.scored && several.scored >= rows)
        #expect(several.parts.counts == one.parts.counts && several.parts.samples == rows + classes + 200)
        // Components and classes are independent: the same bits for any cut.
        #expect(several.parts.mean == one.parts.mean && several.parts.m2 == one.parts.m2 && several.parts.q == one.parts.q)
        #expect(relativeDifference(several.parts.gram, one.parts.gram) < 1e-14)
        #expect(relativeDifference(several.parts.weights, one.parts.weights) < 1e-10)
    }

    /// A block that R cannot take is solved from G, which has it already or takes it then: once, with any number of threads.
    @Test(arguments: [1, 2, 5], [8, 60]) func blockWithoutAFactor_isInGOnce(threads: Int, rows: Int) throws {
        let dimension = 300
        var generator = SplitMix64(state: 9)
        var features = (0..<(rows * dimension)).map { _ in Double.random(in: -1e6...1e6, using: &generator) }
        // The same row twice, far above the ridge: the second one tells R nothing new.
        for column in 0..<dimension { features[column] = features[dimension + column] }
        let labels = (0..<rows).map { "\($0 % 3)" }
        let classifier = try Classifier(ModelConfiguration(dimension: dimension, ridge: 1e-4))
        try ComputeThreads.$countInTask.withValue(threads) { _ = try classifier.learn(features: features, labels: labels) }
        // It was not learned first and then found to have drifted.
        #expect(classifier.health.solves == 1 && classifier.health.heals == 0)
        let squares = features.reduce(0) { $0 + $1 * $1 }
        #expect(abs(classifier.withSquare { $0.gramTrace } / squares - 1) < 1e-12)
        #expect(classifier.samples == rows)
    }

    /// Readers take, use and drop states while others are published into the memory of dropped ones.
    @Test func readersBesideALearner_seeEachStateWhole() throws {
        let (dimension, classes) = (64, 12)
        let classifier = try Classifier(ModelConfiguration(dimension: dimension))
        var generator = SplitMix64(state: 21)
        let current = Guarded<PublishedWeights?>(nil)
        let isOver = Guarded(false)
        let (failures, reads, running) = (Guarded(0), Guarded(0), Latch())
        for reader in 0..<3 {
            running.enter()
            try Threads.start("reader-\(reader)") {
                var before: (state: PublishedWeights, weights: [Float])?
                while !isOver.withLock({ $0 }) {
                    guard let state = current.withLock({ $0 }) else { continue }
                    let weights = state.transposedWeights
                    let isWhole = state.transposedWeights == weights && before.map { $0.state.transposedWeights == $0.weights } != false
                    if !isWhole { failures.withLock { $0 += 1 } }
                    reads.withLock { $0 += 1 }
                    // Every other reader keeps a state for a while.
                    before = reader % 2 == 0 && state.version % 5 != 0 ? (state, weights) : nil
                }
                running.leave()
            }
        }
        for row in 0..<400 {
            let features = (0..<dimension).map { _ in Double.random(in: -1...1, using: &generator) }
            try classifier.learn(features: features, labels: ["\(row % classes)"])
            let state = try #require(classifier.publish())
            current.withLock { $0 = state }
        }
        isOver.withLock { $0 = true }
        #expect(running.wait(until: MonotonicClock.now + 60))
        #expect(failures.withLock { $0 } == 0 && reads.withLock { $0 } > 0)
    }
}
