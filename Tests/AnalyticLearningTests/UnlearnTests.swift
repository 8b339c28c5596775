import LinearAlgebra
import Testing

@testable import AnalyticLearning

@Suite struct UnlearnTests {
    private func random(_ rows: Int, _ dimension: Int, _ generator: inout SplitMix64) -> [Double] {
        (0..<(rows * dimension)).map { _ in generator.normal() }
    }

    private func labels(_ rows: Int, _ classes: Int, _ generator: inout SplitMix64) -> [String] {
        (0..<rows).map { _ in "\(Int.random(in: 0..<classes, using: &generator))" }
    }

    /// G, Q, μ, M2, W in the order of the labels, row-major.
    private func parts(_ classifier: Classifier, _ labels: [Label]) throws -> [[Double]] {
        let saved = try SavedParts(classifier)
        let columns = labels.map { classifier.registry.column(of: $0)! }
        let width = classifier.featureMap.width
        let dimension = classifier.featureMap.dimension
        func picked(_ values: [Double]) -> [Double] {
            (0..<width).flatMap { row in columns.map { values[row * saved.labels.count + $0] } }
        }
        func classes(_ values: [Double]) -> [Double] { columns.flatMap { values[($0 * dimension)..<(($0 + 1) * dimension)] } }
        return [saved.gram, picked(saved.q), classes(saved.mean), classes(saved.m2), picked(saved.weights)]
    }

    /// 100 random streams: every size of A, from a row to bulk, and B from fewer rows than D to many.
    @Test func unlearningA_leavesWhatBAloneGives() throws {
        var generator = SplitMix64(state: 44)
        var (downdates, worst) = (0, 0.0)
        for trial in 0..<100 {
            let dimension = [3, 8, 20, 40][trial % 4]
            let map: FeatureMapKind = trial % 3 == 0 ? .randomRelu(width: 60, seed: UInt64(trial)) : .identity
            let ridge = [0.1, 1, 10, 1e-3][(trial / 4) % 4]
            let configuration = ModelConfiguration(dimension: dimension, featureMap: map, ridge: ridge)
            let (both, alone) = (try Classifier(configuration), try Classifier(configuration))
            let sizes = (Int.random(in: 1...[2, 10, 60][trial % 3], using: &generator), Int.random(in: 1...200, using: &generator))
            let (a, b) = (random(sizes.0, dimension, &generator), random(sizes.1, dimension, &generator))
            let (aLabels, bLabels) = (labels(sizes.0, 4, &generator), labels(sizes.1, 3, &generator))
            try both.learn(features: a, labels: aLabels)
            try both.learn(features: b, labels: bLabels)
            let outcome = try both.unlearn(features: a, labels: aLabels)
            downdates += outcome.solvedAnew ? 0 : 1
            try alone.learn(features: b, labels: bLabels)
            #expect(both.samples == sizes.1 && both.version == 3)
            let names = alone.registry.labels
            for (name, (mine, expected)) in zip(["G", "Q", "mean", "M2", "W"], zip(try parts(both, names), try parts(alone, names))) {
                let scale = expected.reduce(0) { max($0, abs($1)) }
                let difference = zip(mine, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
                if name == "W" { worst = max(worst, difference / scale) }
                #expect(difference <= 1e-8 * max(scale, name == "M2" ? 1 : 0), "\(name) in trial \(trial), \(sizes)")
            }
            for (column, label) in both.registry.labels.enumerated() where alone.registry.column(of: label) == nil {
                #expect(both.counts[column] == 0)
                #expect(both.withWeights { $0.withColumn(column) { $0.allSatisfy { $0 == 0 } } })
                #expect(both.withCrossMoment { $0.withColumn(column) { $0.allSatisfy { $0 == 0 } } })
                #expect(both.withMoments { $0.mean.withColumn(column) { $0.allSatisfy { $0 == 0 } } })
                #expect(both.withMoments { $0.m2.withColumn(column) { $0.allSatisfy { $0 == 0 } } })
            }
        }
        #expect(downdates > 20 && downdates < 80, "both ways are tried: \(downdates) downdates, worst weights \(worst)")
    }

    @Test func digits_unlearnedInSteps_equalTheRest() throws {
        let digits = try Digits()
        let classifier = try digits.classifier()
        let all = Array(0..<1797)
        try classifier.learn(features: digits.rows(all), labels: all.map { "\(digits.labels[$0])" })
        var downdates = 0
        var start = 1000
        // Single rows, blocks of the recursion, and a larger one.
        for size in [1, 1, 5, 30, 32, 300, 2, 426] {
            let rows = all[start..<(start + size)]
            let outcome = try classifier.unlearn(features: digits.rows(rows), labels: rows.map { "\(digits.labels[$0])" })
            downdates += outcome.solvedAnew ? 0 : 1
            start += size
        }
        #expect(start == 1797 && downdates >= 5)
        let joint = jointSolution(digits.mapped(0..<1000), Array(digits.labels[..<1000]), classes: 10, ridge: 0.1)
        #expect(relativeDifference(classifier.weights(for: LongTail.labels), joint) < 1e-8)
        #expect(classifier.health.drift < 1e-8)
        // And it continues to learn.
        let rows = all[1000...]
        try classifier.learn(features: digits.rows(rows), labels: rows.map { "\(digits.labels[$0])" })
        let whole = jointSolution(digits.mapped(all), digits.labels, classes: 10, ridge: 0.1)
        #expect(relativeDifference(classifier.weights(for: LongTail.labels), whole) < 1e-8)
    }

    @Test func everythingUnlearned_isNothingLearned() throws {
        var generator = SplitMix64(state: 45)
        let classifier = try Classifier(ModelConfiguration(dimension: 6))
        let x = random(50, 6, &generator)
        let names = labels(50, 3, &generator)
        try classifier.learn(features: x, labels: names)
        try classifier.unlearn(features: x, labels: names)
        let saved = try SavedParts(classifier)
        #expect(saved.gram.allSatisfy { $0 == 0 } && saved.q.allSatisfy { $0 == 0 } && saved.weights.allSatisfy { $0 == 0 })
        #expect(saved.mean.allSatisfy { $0 == 0 } && saved.m2.allSatisfy { $0 == 0 } && saved.counts == [0, 0, 0])
        try classifier.learn(features: x, labels: names)
        let fresh = try Classifier(ModelConfiguration(dimension: 6))
        try fresh.learn(features: x, labels: names)
        #expect(relativeDifference(classifier.weights(for: ["0", "1", "2"]), fresh.weights(for: ["0", "1", "2"])) < 1e-12)
    }

    @Test func whatWasNeverLearned_isRefused_andNothingChanges() throws {
        var generator = SplitMix64(state: 46)
        for dimension in [4, 30] {
            let classifier = try Classifier(
                ModelConfiguration(
                    dimension: dimension, ridge: 1e-3, imbalance: .pseudoFeatures(noise: 1, cap: 3, seed: 0), sketchRank: .exact))
            let x = random(20, dimension, &generator)
            try classifier.learn(features: x, labels: (0..<20).map { $0 < 15 ? "a" : "b" })
            try classifier.rebalance()
            let before = try SavedParts(classifier)
            func refused(_ features: [Double], _ labels: [String]) -> UnlearnError? {
                do {
                    try classifier.unlearn(features: features, labels: labels)
                    return nil
                } catch { return error as? UnlearnError }
            }
            let row = Array(x[..<dimension])
            #expect(refused(row, ["c"]) == .unknownClass(row: 0, label: "c"))
            let many = Array(repeating: row, count: 6).flatMap { $0 }
            #expect(refused(many, Array(repeating: "b", count: 6)) == .tooManyRows(label: "b", rows: 6, learned: 5))
            // Rows that exceed all that was learned in their direction, alone and more than a block of them.
            #expect(refused(row.map { $0 * 20 }, ["a"]) == .neverLearned)
            let mixed = x[dimension...].prefix(9 * dimension) + row.map { $0 * 20 }
            #expect(refused(Array(mixed), Array(repeating: "a", count: 10)) == .neverLearned)
            if dimension > 20 {
                #expect(refused(random(1, dimension, &generator), ["a"]) == .neverLearned, "outside of all that was learned")
            }
            #expect(throws: LearnError.noRows) { try classifier.unlearn(features: [], labels: []) }
            #expect(throws: LearnError.self) { try classifier.unlearn(features: row.map { _ in .nan }, labels: ["a"]) }
            let after = try SavedParts(classifier)
            #expect(after.gram == before.gram && after.q == before.q && after.weights == before.weights && after.counts == before.counts)
            #expect(after.mean == before.mean && after.m2 == before.m2 && after.sketches == before.sketches)
            #expect(after.balanced == before.balanced && after.version == before.version && after.samples == 20)
        }
    }

    @Test func sketches_thatCannotBeUndone_areNamed() throws {
        var generator = SplitMix64(state: 47)
        let x = random(30, 5, &generator)
        let names = (0..<30).map { ["a", "b", "c"][$0 % 3] }
        let first = (0..<30).filter { $0 % 3 == 0 || $0 == 1 }
        let features = first.flatMap { x[($0 * 5)..<($0 * 5 + 5)] }
        for rank in [SketchRank.rows(2), .exact, .rows(0)] {
            let classifier = try Classifier(ModelConfiguration(dimension: 5, sketchRank: rank))
            try classifier.learn(features: x, labels: names)
            let outcome = try classifier.unlearn(features: features, labels: first.map { names[$0] })
            // Class a has no rows left, and its sketch is empty; one row of b is gone.
            #expect(outcome.staleSketches == (rank == .rows(2) ? [1] : []))
            #expect(classifier.counts == [0, 9, 10])
            if rank == .rows(2) { #expect(classifier.sketchSize(of: 0)! == (0, 0)) }
            if rank == .exact {
                let alone = try Classifier(ModelConfiguration(dimension: 5, sketchRank: .exact))
                let rest = (0..<30).filter { !first.contains($0) }
                try alone.learn(features: rest.flatMap { x[($0 * 5)..<($0 * 5 + 5)] }, labels: rest.map { names[$0] })
                let (mine, theirs) = (try SavedParts(classifier), try SavedParts(alone))
                #expect(mine.sketches[..<15].allSatisfy { $0 == 0 })
                // There, c came first.
                #expect(theirs.labels == ["c", "b"])
                let expected = theirs.sketches[15...] + theirs.sketches[..<15]
                #expect(relativeDifference(Array(mine.sketches[15...]), Array(expected)) < 1e-12)
            }
        }
    }

    @Test(arguments: [1, 40]) func illConditionedModels_canUnlearnToo(batch: Int) throws {
        var generator = SplitMix64(state: 48)
        let classifier = try Classifier(ModelConfiguration(dimension: 12, ridge: 1e-9))
        let x = (0..<(200 * 12)).map { _ in 1e6 + generator.normal() }
        let names = labels(200, 3, &generator)
        try classifier.learn(features: x, labels: names)
        #expect(classifier.health.isIllConditioned)
        for start in stride(from: 0, to: 120, by: batch) {
            try classifier.unlearn(features: Array(x[(start * 12)..<((start + batch) * 12)]), labels: Array(names[start..<(start + batch)]))
        }
        #expect(classifier.samples == 80)
        #expect(try #require(classifier.publish()).transposedWeights.allSatisfy { $0.isFinite })
        let deviation = classifier.withMoments { $0.m2[0, 0] / Double(classifier.counts[0] - 1) }
        #expect(deviation > 0.3 && deviation < 3)
    }
}
