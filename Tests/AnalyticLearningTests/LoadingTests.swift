import AnalyticLearning
import LinearAlgebra
import Testing

/// Rows learned for later: into the sums at once, and into the weights when they are asked for.
@Suite struct LoadingTests {
    private static let classes = 3

    private struct Batch {
        var features: [Double] = []
        var columns: [Int] = []
    }

    private func batches(_ sizes: [Int], dimension: Int) -> [Batch] {
        var generator = SplitMix64(state: 11)
        return sizes.map { size in
            var batch = Batch()
            for row in 0..<size {
                let column = row % Self.classes
                batch.columns.append(column)
                for index in 0..<dimension { batch.features.append(generator.normal() + (index % Self.classes == column ? 0.7 : 0)) }
            }
            return batch
        }
    }

    private func model(_ dimension: Int, width: Int? = nil, sketch: SketchRank? = nil) throws -> Classifier {
        var configuration = ModelConfiguration(dimension: dimension)
        if let width { configuration.featureMap = .randomRelu(width: width, seed: 1) }
        if let sketch { configuration.sketchRank = sketch }
        let classifier = try Classifier(configuration)
        _ = classifier.intern(["0", "1", "2"])
        return classifier
    }

    private func learn(_ batch: Batch, _ classifier: Classifier, isForLater: Bool) throws -> [Int] {
        let known = classifier.samples == 0 ? 0 : Self.classes
        let spans = [RequestSpan(rows: batch.columns.count, knownClasses: known)]
        return try batch.features.withUnsafeBufferPointer {
            try classifier.learn(features: $0, columns: batch.columns, spans: spans, isForLater: isForLater).predictions
        }
    }

    private func weights(_ classifier: Classifier) -> [Double] {
        classifier.withWeights { weights in weights.withElements { Array($0) } }
    }

    @Test(arguments: [(8, nil, nil), (5, 40, nil), (6, nil, SketchRank.exact), (6, 24, SketchRank.rows(4))])
    func sumsAndWeightsAreThoseOfLearning(dimension: Int, width: Int?, sketch: SketchRank?) throws {
        let (loaded, learned) = (try model(dimension, width: width, sketch: sketch), try model(dimension, width: width, sketch: sketch))
        for batch in batches([64, 1, 300, 700, 17], dimension: dimension) {
            _ = try learn(batch, loaded, isForLater: true)
            _ = try learn(batch, learned, isForLater: false)
            #expect(loaded.isBehind && loaded.samples == learned.samples && loaded.counts == learned.counts)
            #expect(loaded.version == learned.version)
        }
        loaded.catchUp()
        #expect(!loaded.isBehind)
        let (one, other) = (weights(loaded), weights(learned))
        let scale = other.reduce(0) { max($0, abs($1)) }
        for (a, b) in zip(one, other) { #expect(abs(a - b) <= 1e-9 * scale) }
        let sums = loaded.withCrossMoment { sums in sums.withElements { Array($0) } }
        let expected = learned.withCrossMoment { sums in sums.withElements { Array($0) } }
        for (a, b) in zip(sums, expected) { #expect(abs(a - b) <= 1e-10 * (1 + abs(b))) }
        #expect(loaded.publish()?.samples == learned.samples)
    }

    @Test func rowsAreScoredByWeightsThatAreSolvedAtDoublings() throws {
        let dimension = 8
        let parts = batches([200, 200, 200, 200, 200], dimension: dimension)
        let loaded = try model(dimension)
        // After 200 rows, after 400, and after 800.
        let scoredBy = [0, 1, 2, 2, 4]
        for (index, batch) in parts.enumerated() {
            let learned = try model(dimension)
            for part in parts[..<scoredBy[index]] { _ = try learn(part, learned, isForLater: false) }
            let expected = try learn(batch, learned, isForLater: false)
            let predictions = try learn(batch, loaded, isForLater: true)
            #expect(predictions == expected, "batch \(index)")
        }
        #expect(loaded.evaluation.evaluatedSamples == 4 * 200 && loaded.evaluation.correctSamples > 2 * 200)
    }

    @Test func everythingThatReadsCatchesUp() throws {
        let dimension = 8
        let parts = batches([100, 100, 20], dimension: dimension)
        func loaded() throws -> (Classifier, Classifier) {
            let pair = (try model(dimension), try model(dimension))
            for batch in parts.prefix(2) {
                _ = try learn(batch, pair.0, isForLater: true)
                _ = try learn(batch, pair.1, isForLater: false)
            }
            return pair
        }
        func expectSame(_ one: Classifier, _ other: Classifier) {
            for (a, b) in zip(weights(one), weights(other)) { #expect(abs(a - b) <= 1e-9) }
        }
        // A plain learn is scored by weights that have all rows.
        var (one, other) = try loaded()
        one.catchUp()
        #expect(try learn(parts[2], one, isForLater: false) == learn(parts[2], other, isForLater: false))
        expectSame(one, other)
        // Leverage.
        (one, other) = try loaded()
        let (a, b) = try parts[2].features.withUnsafeBufferPointer { try (one.leverages(of: $0), other.leverages(of: $0)) }
        for (a, b) in zip(try #require(a), try #require(b)) { #expect(abs(a - b) <= 1e-9) }
        // Unlearning.
        (one, other) = try loaded()
        for model in [one, other] {
            _ = try parts[1].features.withUnsafeBufferPointer { try model.unlearn(features: $0, columns: parts[1].columns) }
        }
        expectSame(one, other)
        // Another ridge.
        (one, other) = try loaded()
        for model in [one, other] { try model.setRidge(3) }
        expectSame(one, other)
        // Saving.
        (one, other) = try loaded()
        #expect(try one.prepareToSave())
        expectSame(one, other)
    }

    @Test func emptyAndForgottenClassesDoNotMatter() throws {
        let dimension = 8
        let loaded = try model(dimension)
        let batch = batches([90], dimension: dimension)[0]
        _ = try learn(batch, loaded, isForLater: true)
        for label in ["0", "1", "2"] { try loaded.deleteClass(Label(label)) }
        loaded.catchUp()
        #expect(loaded.samples == 90 && loaded.counts.isEmpty && loaded.publish()?.classCount == 0)
    }

    @Test func theBufferOfALoadChangesNothingButTheCost() throws {
        let (dimension, width) = (3, 1040)
        let (wide, narrow) = (try model(dimension, width: width), try model(dimension, width: width))
        #expect(wide.loadBufferBytes == 8 * width * (width / 2))
        for (index, batch) in batches([700, 300, 600], dimension: dimension).enumerated() {
            if index != 1 { wide.beginLoad() }
            let predictions = try learn(batch, wide, isForLater: true)
            #expect(try learn(batch, narrow, isForLater: true) == predictions)
            guard index == 0 else { continue }
            wide.catchUp()
            narrow.catchUp()
        }
        wide.catchUp()
        narrow.catchUp()
        let scale = weights(narrow).reduce(0) { max($0, abs($1)) }
        for (a, b) in zip(weights(wide), weights(narrow)) { #expect(abs(a - b) <= 1e-7 * scale) }
        // Compensated sums and sketches keep to blocks.
        #expect(try model(dimension, width: 1024).loadBufferBytes == 0 && model(dimension).loadBufferBytes == 0)
        #expect(try model(dimension, width: width, sketch: .rows(2)).loadBufferBytes == 0)
    }
}
