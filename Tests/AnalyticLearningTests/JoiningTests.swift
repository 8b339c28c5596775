import Testing

@testable import AnalyticLearning
@testable import LinearAlgebra

/// Two classes become one: everything is as if all rows of both had had one label from the beginning.
@Suite struct JoiningTests {
    private static let dimension = 6

    private func rows(_ count: Int, classes: Int, _ generator: inout SplitMix64) -> (features: [[Double]], labels: [String]) {
        var (features, labels): ([[Double]], [String]) = ([], [])
        for _ in 0..<count {
            let label = Int.random(in: 0..<classes, using: &generator)
            labels.append("c\(label)")
            features.append((0..<Self.dimension).map { generator.normal() + ($0 == label ? 2 : 0) })
        }
        return (features, labels)
    }

    private func difference(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } / max(1e-300, b.reduce(0) { max($0, abs($1)) })
    }

    private func expectSame(_ joined: Classifier, _ other: Classifier, _ comment: Comment) throws {
        let labels = other.registry.labels
        #expect(Set(joined.registry.labels) == Set(labels), comment)
        #expect(joined.samples == other.samples, comment)
        #expect(difference(joined.weights(for: labels), other.weights(for: labels)) < 1e-9, comment)
        for label in labels {
            let (mine, theirs) = (joined.registry.column(of: label)!, other.registry.column(of: label)!)
            #expect(joined.counts[mine] == other.counts[theirs], comment)
            for moments in [false, true] {
                func values(_ classifier: Classifier, _ column: Int) -> [Double] {
                    classifier.withMoments { all in
                        moments ? all.m2.withColumn(column) { Array($0) } : all.mean.withColumn(column) { Array($0) }
                    }
                }
                #expect(difference(values(joined, mine), values(other, theirs)) < 1e-9, comment)
            }
            let (q, expected) = (
                joined.withCrossMoment { $0.withColumn(mine) { Array($0) } }, other.withCrossMoment { $0.withColumn(theirs) { Array($0) } }
            )
            #expect(difference(q, expected) < 1e-12, comment)
        }
        // The residual moment too: novelty rests on it.
        let (first, second) = (try #require(joined.publish()), try #require(other.publish()))
        guard case .success(let one) = first.novelty, case .success(let two) = second.novelty else { return }
        var (scratch, generator): ([Double], SplitMix64) = ([], SplitMix64(state: 5))
        for _ in 0..<10 {
            let row = (0..<Self.dimension).map { _ in generator.normal() }
            let (mine, theirs) = (try #require(first.scorer(.plain)), try #require(second.scorer(.plain)))
            let a = mine.scoreInDouble(row).withUnsafeBufferPointer { one.novelty($0, scratch: &scratch) }
            let b = theirs.scoreInDouble(row).withUnsafeBufferPointer { two.novelty($0, scratch: &scratch) }
            #expect(abs((a ?? 0) - (b ?? 1)) < 1e-6, comment)
        }
    }

    @Test(arguments: [
        ModelConfiguration(dimension: 6), ModelConfiguration(dimension: 6, intercept: true),
        ModelConfiguration(dimension: 6, featureMap: .randomRelu(width: 20, seed: 2)),
        ModelConfiguration(dimension: 6, imbalance: .pseudoFeatures(noise: 1, cap: 8, seed: 3)),
        ModelConfiguration(dimension: 6, imbalance: .reweight(power: 1), sketchRank: .exact),
        ModelConfiguration(dimension: 6, imbalance: .reweight(power: 1), sketchRank: .rows(4)),
    ])
    func joinedClasses_areThoseOfAModelThatLearnedOneLabel(_ configuration: ModelConfiguration) throws {
        var generator = SplitMix64(state: 1)
        for (label, target) in [("c0", "c3"), ("c3", "c0"), ("c1", "c2")] {
            let (classifier, other) = (try Classifier(configuration), try Classifier(configuration))
            let (features, labels) = rows(90, classes: 5, &generator)
            var first = 0
            for count in [1, 1, 3, 25, 60] {
                try classifier.learn(
                    features: features[first..<(first + count)].flatMap { $0 }, labels: Array(labels[first..<(first + count)]))
                first += count
            }
            _ = try classifier.rebalance()
            let before = classifier.version
            #expect(try classifier.joinClass(Label(label), into: Label(target)) == labels.count { $0 == label })
            #expect(classifier.version == before + 1 && classifier.balanced == nil)
            try other.learn(features: features.flatMap { $0 }, labels: labels.map { $0 == label ? target : $0 })
            try expectSame(classifier, other, "\(label) into \(target)")
            // Exact matrices and moments give the same balanced weights; sketches of both are longer than one of all.
            if configuration.imbalance != .none, configuration.sketchRank != .rows(4) {
                _ = try classifier.rebalance()
                _ = try other.rebalance()
                let (mine, theirs) = (try #require(classifier.balanced), try #require(other.balanced))
                for text in other.registry.labels {
                    let columns = (classifier.registry.column(of: text)!, other.registry.column(of: text)!)
                    let (a, b) = (
                        mine.withWeights { $0.withColumn(columns.0) { Array($0) } },
                        theirs.withWeights { $0.withColumn(columns.1) { Array($0) } }
                    )
                    #expect(difference(a, b) < 1e-8)
                }
            }
            // It goes on: rows of the joined label, unlearning some that had the other one, and a snapshot.
            let more = rows(12, classes: 5, &generator)
            for model in [classifier, other] {
                try model.learn(features: more.features.flatMap { $0 }, labels: more.labels.map { $0 == label ? target : $0 })
                let gone = labels.indices.filter { labels[$0] == label }.prefix(3)
                try model.unlearn(features: gone.flatMap { features[$0] }, labels: gone.map { _ in target })
            }
            try expectSame(classifier, other, "after more rows")
            try expectSame(SavedParts(classifier).restored(), other, "restored")
        }
    }

    @Test func evaluationCountsOneTakenForTheOtherAsRight() throws {
        var evaluation = ProgressiveEvaluation(window: 4)
        // True class, prediction.
        for (actual, predicted) in [(0, 1), (0, 0), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2), (0, 2)] {
            evaluation.record(predictions: [predicted], columns: [actual], knownClasses: 3)
        }
        var joined = ProgressiveEvaluation(window: 4)
        for (actual, predicted) in [(0, 0), (0, 0), (0, 0), (0, 1), (1, 0), (1, 0), (1, 1), (0, 1)] {
            joined.record(predictions: [predicted], columns: [actual], knownClasses: 2)
        }
        var other = evaluation
        evaluation.joinClass(1, into: 0)
        #expect(evaluation.counters.correctSamples == joined.counters.correctSamples)
        #expect(evaluation.counters.classCorrect == joined.counters.classCorrect)
        #expect(evaluation.counters.classEvaluated == joined.counters.classEvaluated)
        #expect(evaluation.counters.confusions == joined.counters.confusions && evaluation.counters.window == joined.counters.window)
        // The other way, the class behind moves up.
        other.joinClass(0, into: 1)
        #expect(other.counters.classCorrect == joined.counters.classCorrect)
        #expect(other.counters.confusions == joined.counters.confusions && other.counters.window == joined.counters.window)
        #expect(other.fits(classes: 2) && evaluation.fits(classes: 2))
    }

    @Test func joiningNothing_isRefusedAndChangesNothing() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 2))
        #expect(throws: ClassError.unknown("a")) { try classifier.joinClass("a", into: "b") }
        try classifier.learn(features: [1, 0, 0, 1], labels: ["a", "b"])
        let before = try SavedParts(classifier)
        #expect(throws: ClassError.unknown("x")) { try classifier.joinClass("x", into: "b") }
        #expect(throws: ClassError.unknown("x")) { try classifier.joinClass("a", into: "x") }
        #expect(throws: ClassError.same("a")) { try classifier.joinClass("a", into: "a") }
        let after = try SavedParts(classifier)
        #expect(after.weights == before.weights && after.version == before.version && after.labels == before.labels)
        // The last two: one class is left, and learns on.
        try classifier.joinClass("a", into: "b")
        #expect(classifier.registry.labels == ["b"] && classifier.counts == [2])
        try classifier.learn(features: [1, 1], labels: ["b"])
        #expect(classifier.publish()?.predict([1, 0])[0].label == "b")
    }
}
