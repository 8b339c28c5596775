import Testing

@testable import AnalyticLearning
@testable import LinearAlgebra

/// An intercept that the ridge does not penalise, against one regression over all rows with one more column of ones.
@Suite struct InterceptTests {
    /// Rows with a mean far from zero, and what is known of them.
    private struct Rows {
        var features: [[Double]] = []
        /// The class of each row; nil for rows of no class.
        var labels: [String?] = []

        mutating func add(_ count: Int, dimension: Int, classes: Int, using generator: inout SplitMix64) -> Range<Int> {
            let first = features.count
            for _ in 0..<count {
                let label = Int.random(in: 0..<classes, using: &generator)
                features.append((0..<dimension).map { 3 + generator.normal() + ($0 == label ? 1.5 : 0) })
                labels.append("c\(label)")
            }
            return first..<features.count
        }

        func flat(_ range: Range<Int>) -> [Double] { features[range].flatMap { $0 } }
        func labels(_ range: Range<Int>) -> [String] { range.map { labels[$0]! } }
    }

    /// The normal equations of rows h and a column of ones, whose weight is not penalised.
    ///
    /// - Returns: the solution [D+1 × targets], and the leverage of each row if wanted.
    private func direct(
        _ h: [[Double]], _ targets: [[Double]], weights: [Double]? = nil, ridge: Double, withLeverages: Bool = false
    ) -> (solution: [[Double]], leverages: [Double]) {
        let (width, outputs) = (h[0].count + 1, targets[0].count)
        let extended = h.map { $0 + [1] }
        let stride = width + outputs + (withLeverages ? extended.count : 0)
        var a = [[Double]](repeating: [Double](repeating: 0, count: stride), count: width)
        for (index, row) in extended.enumerated() {
            let weight = weights?[index] ?? 1
            for i in 0..<width {
                for j in 0..<width { a[i][j] += weight * row[i] * row[j] }
                for j in 0..<outputs { a[i][width + j] += weight * row[i] * targets[index][j] }
                if withLeverages { a[i][width + outputs + index] = row[i] }
            }
        }
        for i in 0..<(width - 1) { a[i][i] += ridge }
        for k in 0..<width {
            let pivot = (k..<width).max { abs(a[$0][k]) < abs(a[$1][k]) }!
            a.swapAt(k, pivot)
            let inverse = 1 / a[k][k]
            for j in k..<stride { a[k][j] *= inverse }
            for i in 0..<width where i != k && a[i][k] != 0 {
                let factor = a[i][k]
                for j in k..<stride { a[i][j] -= factor * a[k][j] }
            }
        }
        let leverages = (withLeverages ? extended.indices : 0..<0).map { index in
            (0..<width).reduce(0) { $0 + extended[index][$1] * a[$1][width + outputs + index] }
        }
        return (a.map { Array($0[width..<(width + outputs)]) }, leverages)
    }

    private func mapped(_ classifier: Classifier, _ rows: [[Double]]) -> [[Double]] {
        guard let projection = classifier.featureMap.projection else { return rows }
        return rows.map { row in
            var h = [Double](repeating: 0, count: projection.outputs)
            for (input, value) in row.enumerated() {
                for (output, element) in projection.row(input).enumerated() { h[output] += value * Double(element) }
            }
            return h.map { max($0, 0) }
        }
    }

    private func targets(_ rows: Rows, _ labels: [Label]) -> [[Double]] {
        rows.labels.map { text in labels.map { $0.text == text ? 1 : 0 } }
    }

    /// The largest difference of W′ and b from the direct solution, relative to its largest element.
    private func error(_ classifier: Classifier, _ rows: Rows) throws -> Double {
        let labels = classifier.registry.labels
        guard !rows.features.isEmpty else { return classifier.intercepts.reduce(0) { max($0, abs($1)) } }
        let solution = direct(
            mapped(classifier, rows.features), targets(rows, labels), ridge: classifier.configuration.ridge
        ).solution
        let intercepts = classifier.intercepts
        let weights = try classifier.foldedWeights()
        var (largest, difference) = (0.0, 0.0)
        for column in labels.indices {
            for row in 0..<weights.rows { difference = max(difference, abs(weights[row, column] - solution[row][column])) }
            difference = max(difference, abs(intercepts[column] - solution[weights.rows][column]))
            for row in solution { largest = max(largest, abs(row[column])) }
        }
        return difference / max(largest, 1e-300)
    }

    @Test(arguments: [FeatureMapKind.identity, .randomRelu(width: 24, seed: 3)], [UInt64](1...6))
    func intercept_isThatOfOneJointRegression_afterRandomHistories(map: FeatureMapKind, seed: UInt64) throws {
        var generator = SplitMix64(state: seed)
        let dimension = 5
        let configuration = ModelConfiguration(dimension: dimension, featureMap: map, ridge: 1, intercept: true)
        var classifier = try Classifier(configuration)
        var rows = Rows()
        #expect(try error(classifier, rows) == 0)
        for step in 0..<30 {
            switch Int.random(in: 0..<11, using: &generator) {
            case 0...3:
                let count = [1, 1, 2, 9, 60, 400].randomElement(using: &generator)!
                let range = rows.add(count, dimension: dimension, classes: 4, using: &generator)
                try classifier.learn(features: rows.flat(range), labels: rows.labels(range))
            case 4:
                // Several requests at once.
                let range = rows.add(12, dimension: dimension, classes: 5, using: &generator)
                let known = classifier.registry.count
                let columns = classifier.intern(rows.labels(range))
                let spans = [3, 4, 5].map { RequestSpan(rows: $0, knownClasses: known) }
                _ = try rows.flat(range).withUnsafeBufferPointer { try classifier.learn(features: $0, columns: columns, spans: spans) }
            case 5:
                // For later, in two requests.
                for _ in 0..<2 {
                    let range = rows.add(300, dimension: dimension, classes: 4, using: &generator)
                    let known = classifier.registry.count
                    let columns = classifier.intern(rows.labels(range))
                    _ = try rows.flat(range).withUnsafeBufferPointer {
                        try classifier.learn(
                            features: $0, columns: columns, spans: [RequestSpan(rows: 300, knownClasses: known)], isForLater: true)
                    }
                }
                classifier.catchUp()
            case 6:
                let labelled = rows.labels.indices.filter { rows.labels[$0] != nil }
                let places = Set(labelled.shuffled(using: &generator).prefix(7))
                guard !places.isEmpty else { continue }
                let sorted = places.sorted()
                try classifier.unlearn(
                    features: sorted.flatMap { rows.features[$0] }, labels: sorted.map { rows.labels[$0]! })
                let kept = rows.labels.indices.filter { !places.contains($0) }
                rows = Rows(features: kept.map { rows.features[$0] }, labels: kept.map { rows.labels[$0] })
            case 7:
                guard let label = classifier.registry.labels.randomElement(using: &generator) else { continue }
                _ = try classifier.deleteClass(label)
                for index in rows.labels.indices where rows.labels[index] == label.text { rows.labels[index] = nil }
            case 9:
                let labels = classifier.registry.labels.shuffled(using: &generator)
                guard labels.count > 1 else { continue }
                _ = try classifier.joinClass(labels[0], into: labels[1])
                for index in rows.labels.indices where rows.labels[index] == labels[0].text { rows.labels[index] = labels[1].text }
            case 8:
                let other = try Classifier(
                    ModelConfiguration(dimension: dimension, featureMap: map, intercept: Bool.random(using: &generator)))
                let range = rows.add(30, dimension: dimension, classes: 6, using: &generator)
                try other.learn(features: rows.flat(range), labels: rows.labels(range))
                try classifier.merge(other)
            default:
                try classifier.setRidge([0.5, 1, 5].randomElement(using: &generator)!)
                classifier = try SavedParts(classifier).restored()
            }
            let error = try error(classifier, rows)
            #expect(error < 1e-9, "step \(step): \(error)")
        }
    }

    @Test func rows_areScoredWithTheInterceptsOfTheirRequestsBeginning() throws {
        var generator = SplitMix64(state: 9)
        let configuration = ModelConfiguration(dimension: 5, ridge: 0.3, intercept: true)
        for parts in [[40, 5, 1, 30, 4], [1, 1, 1, 1, 1, 1, 1, 1], [700, 3], [20, 900]] {
            let classifier = try Classifier(configuration)
            var rows = Rows()
            var expected: [Int] = []
            var (spans, known, seen): ([RequestSpan], Int, Rows) = ([], 0, Rows())
            for count in parts {
                let range = rows.add(count, dimension: 5, classes: 4, using: &generator)
                if seen.features.isEmpty {
                    expected += range.map { _ in -1 }
                } else {
                    let labels = classifier.registry.labels
                    let solution = direct(seen.features, targets(seen, labels), ridge: 0.3).solution
                    for row in range {
                        let scores = labels.indices.map { column in
                            zip(rows.features[row] + [1], solution).reduce(0) { $0 + $1.0 * $1.1[column] }
                        }
                        expected.append(scores.firstIndex(of: scores.max()!)!)
                    }
                }
                spans.append(RequestSpan(rows: count, knownClasses: known))
                _ = classifier.intern(rows.labels(range))
                known = classifier.registry.count
                seen = rows
            }
            let columns = classifier.intern(rows.labels.map { $0! })
            let outcome = try rows.flat(0..<rows.features.count).withUnsafeBufferPointer {
                try classifier.learn(features: $0, columns: columns, spans: spans)
            }
            #expect(outcome.predictions == expected, "\(parts)")
        }
    }

    @Test func aConstantAddedToEveryVector_changesNoScore() throws {
        var generator = SplitMix64(state: 4)
        var rows = Rows()
        let range = rows.add(80, dimension: 6, classes: 3, using: &generator)
        let scores = try [0.0, -20].map { shift in
            let classifier = try Classifier(ModelConfiguration(dimension: 6, ridge: 2, intercept: true))
            try classifier.learn(features: rows.flat(range).map { $0 + shift }, labels: rows.labels(range))
            let weights = try #require(classifier.publish())
            return try #require(weights.scorer()).scoreInDouble(rows.features[0].map { $0 + shift })
        }
        for (one, other) in zip(scores[0], scores[1]) { #expect(abs(one - other) < 1e-5) }
    }

    /// A model of ridge 2 with an intercept, and its rows.
    private func learned(_ count: Int, seed: UInt64) throws -> (Classifier, Rows, Range<Int>) {
        var (generator, rows) = (SplitMix64(state: seed), Rows())
        let range = rows.add(count, dimension: 6, classes: 3, using: &generator)
        let classifier = try Classifier(ModelConfiguration(dimension: 6, ridge: 2, intercept: true))
        try classifier.learn(features: rows.flat(range), labels: rows.labels(range))
        return (classifier, rows, range)
    }

    @Test func publishedScores_areThoseOfTheRegression_inFloatAndDouble_alsoAsStored() throws {
        let (classifier, rows, range) = try learned(60, seed: 5)
        let solution = direct(rows.features, targets(rows, classifier.registry.labels), ridge: 2).solution
        let stored = try SavedParts(classifier).withState { try #require(try PublishedWeights.stored(in: $0)) }
        for weights in [try #require(classifier.publish()), stored] {
            let scorer = try #require(weights.scorer())
            var workspace = ScoreWorkspace()
            for useBLAS in [false, true] {
                rows.flat(range).map(Float.init).withUnsafeBufferPointer { scorer.score($0, useBLAS: useBLAS, workspace: &workspace) }
                for row in range {
                    let exact = scorer.scoreInDouble(rows.features[row])
                    for column in 0..<3 {
                        let expected = zip(rows.features[row] + [1], solution).reduce(0) { $0 + $1.0 * $1.1[column] }
                        #expect(abs(Double(workspace.scores[row * 3 + column]) - expected) < 1e-5)
                        #expect(abs(exact[column] - expected) < 1e-5)
                    }
                }
            }
        }
    }

    @Test func leverage_isTheDiagonalOfTheHatMatrix() throws {
        let (classifier, rows, range) = try learned(50, seed: 6)
        let expected = direct(rows.features, targets(rows, classifier.registry.labels), ridge: 2, withLeverages: true).leverages
        let values = try #require(try rows.flat(range).withUnsafeBufferPointer { try classifier.leverages(of: $0) })
        for (value, truth) in zip(values, expected) { #expect(abs(value - truth) < 1e-9) }
    }

    @Test func curve_isThatOfTheRegressionWithTheColumnOfOnes() throws {
        let (classifier, learned, range) = try learned(50, seed: 7)
        var rows = learned
        _ = try classifier.deleteClass("c1")
        for row in range where rows.labels[row] == "c1" { rows.labels[row] = nil }
        let targets = targets(rows, classifier.registry.labels)
        for point in try #require(try classifier.ridgeCurve()).points {
            let (solution, leverages) = direct(rows.features, targets, ridge: point.ridge, withLeverages: true)
            var residual = 0.0
            for row in range {
                for column in 0..<2 {
                    let score = zip(rows.features[row] + [1], solution).reduce(0) { $0 + $1.0 * $1.1[column] }
                    residual += (targets[row][column] - score) * (targets[row][column] - score)
                }
            }
            #expect(abs(point.degreesOfFreedom - leverages.reduce(0, +)) < 1e-8, "\(point.ridge)")
            #expect(abs(point.residualSumOfSquares - residual) < 1e-8 * max(1, residual), "\(point.ridge)")
        }
    }

    @Test func novelty_isThatWithoutAnIntercept_whileEveryRowHasAClass() throws {
        var generator = SplitMix64(state: 8)
        var rows = Rows()
        let range = rows.add(200, dimension: 6, classes: 4, using: &generator)
        let novelties = try [false, true].map { intercept in
            let classifier = try Classifier(ModelConfiguration(dimension: 6, ridge: 2, intercept: intercept))
            try classifier.learn(features: rows.flat(0..<150), labels: rows.labels(0..<150))
            try classifier.learn(features: rows.flat(150..<200), labels: rows.labels(150..<200))
            try classifier.unlearn(features: rows.flat(10..<14), labels: rows.labels(10..<14))
            let weights = try #require(classifier.publish())
            let (measure, scorer) = (try weights.novelty.get(), try #require(weights.scorer()))
            var scratch: [Double] = []
            return try range.map { row in
                let scores = scorer.scoreInDouble(rows.features[row])
                return try #require(scores.withUnsafeBufferPointer { measure.novelty($0, scratch: &scratch) })
            }
        }
        // Distances do not depend on where zero is; published weights are Float32.
        let spread = novelties[0].max()! - novelties[0].min()!
        for (one, other) in zip(novelties[0], novelties[1]) { #expect(abs(one - other) < 1e-6 * spread) }
    }

    @Test func pseudoFeaturesAndReweighting_haveInterceptsOfTheirOwnSums() throws {
        var generator = SplitMix64(state: 10)
        var rows = Rows()
        let range = rows.add(90, dimension: 5, classes: 3, using: &generator)
        // Long-tailed: most rows of the second class are dropped.
        let kept = range.filter { rows.labels[$0] != "c1" || $0 % 4 == 0 }
        rows = Rows(features: kept.map { rows.features[$0] }, labels: kept.map { rows.labels[$0] })
        let labels = rows.labels.map { $0! }
        for imbalance in [Imbalance.pseudoFeatures(noise: 0, cap: 0, seed: 1), .reweight(power: 1)] {
            let classifier = try Classifier(
                ModelConfiguration(dimension: 5, ridge: 0.5, imbalance: imbalance, sketchRank: .exact, intercept: true))
            try classifier.learn(features: rows.features.flatMap { $0 }, labels: labels)
            _ = try classifier.rebalance()
            let balanced = try #require(classifier.balanced)
            let names = classifier.registry.labels.map(\.text)
            let counts = names.map { name in labels.count { $0 == name } }
            var (all, weights) = (rows, [Double](repeating: 1, count: labels.count))
            if case .reweight = imbalance {
                let total = Double(labels.count)
                weights = labels.map { label in total / (Double(names.count) * Double(counts[names.firstIndex(of: label)!])) }
            } else {
                // Without noise each missing row is the mean of its class.
                for (name, count) in zip(names, counts) where count < counts.max()! {
                    let own = rows.labels.indices.filter { rows.labels[$0] == name }
                    all.features.append((0..<5).map { part in own.reduce(0) { $0 + rows.features[$1][part] } / Double(count) })
                    all.labels.append(name)
                    weights.append(Double(counts.max()! - count))
                }
            }
            let solution = direct(all.features, targets(all, classifier.registry.labels), weights: weights, ridge: 0.5).solution
            balanced.withWeights { matrix in
                for column in names.indices {
                    for row in 0..<5 { #expect(abs(matrix[row, column] - solution[row][column]) < 1e-9) }
                    #expect(abs(balanced.intercepts[column] - solution[5][column]) < 1e-9)
                }
            }
            let restored = try SavedParts(classifier).restored()
            #expect(restored.balanced?.intercepts == balanced.intercepts)
        }
    }

    @Test func candidatesOfAnAutomaticRidge_haveIntercepts() throws {
        var generator = SplitMix64(state: 11)
        var rows = Rows()
        let classifier = try Classifier(
            ModelConfiguration(dimension: 5, ridgeChoice: .automatic(.accuracy), intercept: true))
        for _ in 0..<30 {
            let range = rows.add(20, dimension: 5, classes: 3, using: &generator)
            try classifier.learn(features: rows.flat(range), labels: rows.labels(range))
            try classifier.tuneRidge()
            #expect(try error(classifier, rows) < 1e-9)
        }
        guard let race = classifier.core.race else { return #expect(Bool(false), "no candidates") }
        var h = try Matrix(rows: 5, columns: 1)
        var scores = try Matrix(rows: 0, columns: 0)
        h.withMutableColumn(0) { column in for index in column.indices { column[index] = rows.features[0][index] } }
        try race.candidates.score(h, into: &scores)
        let known = Rows(
            features: Array(rows.features[..<race.candidates.samples]), labels: Array(rows.labels[..<race.candidates.samples]))
        for (place, ridge) in race.candidates.ridges.enumerated() {
            let solution = direct(known.features, targets(known, classifier.registry.labels), ridge: ridge).solution
            for column in 0..<race.candidates.classCount {
                let expected = zip(rows.features[0] + [1], solution).reduce(0) { $0 + $1.0 * $1.1[column] }
                #expect(abs(scores[0, place * race.candidates.classCount + column] - expected) < 1e-8)
            }
        }
    }

    @Test func mergingRowsOfNoClass_withoutTheirSum_isRefused() throws {
        var generator = SplitMix64(state: 12)
        var rows = Rows()
        let range = rows.add(30, dimension: 5, classes: 3, using: &generator)
        let mine = try Classifier(ModelConfiguration(dimension: 5, intercept: true))
        let other = try Classifier(ModelConfiguration(dimension: 5))
        try other.learn(features: rows.flat(range), labels: rows.labels(range))
        _ = try other.deleteClass("c0")
        #expect(throws: MergeError.differs(part: "intercept", mine: "true", theirs: "false, with rows of no class")) {
            try mine.merge(other)
        }
        #expect(mine.samples == 0 && mine.registry.count == 0)
    }
}
