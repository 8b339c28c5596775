import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// A row that dwarfs all others is learned and unlearned, in every way: either the rest matches a joint solution, or the rows stay and
/// nothing changes.
@Suite struct OutlierTests {
    static let dimension = 64
    static let labels = ["a", "b", "c"]

    struct Rows {
        var features: [[Double]] = []
        var columns: [Int] = []

        var flat: [Double] { features.flatMap { $0 } }
        var names: [String] { columns.map { OutlierTests.labels[$0] } }

        static func + (a: Rows, b: Rows) -> Rows { Rows(features: a.features + b.features, columns: a.columns + b.columns) }
    }

    static func ordinary(_ count: Int, _ generator: inout SplitMix64) -> Rows {
        var rows = Rows()
        for row in 0..<count {
            rows.columns.append(row % 3)
            rows.features.append((0..<dimension).map { generator.normal() + ($0 == row % 3 ? 2 : 0) })
        }
        return rows
    }

    static func outlier(_ scale: Double, _ generator: inout SplitMix64) -> Rows {
        Rows(features: [(0..<dimension).map { _ in generator.normal() * scale }], columns: [1])
    }

    /// The ways in which the outlier is learned.
    enum Road: CaseIterable, Sendable {
        case alone, inOneRequest, lastOfAll, amongMany, restored, replayed, merged, mergedInto, deletedClass
    }

    /// A copy, as through a snapshot or a checkpoint.
    private func copy(_ classifier: Classifier) throws -> Classifier {
        _ = try classifier.prepareToSave()
        return try SavedParts(classifier).restored()
    }

    private func learned(_ road: Road, _ rest: Rows, _ outlier: Rows, _ configuration: ModelConfiguration) throws -> Classifier {
        let classifier = try Classifier(configuration)
        func learn(_ rows: Rows) throws { try classifier.learn(features: rows.flat, labels: rows.names) }
        let half = rest.features.count / 2
        let first = Rows(features: Array(rest.features[..<half]), columns: Array(rest.columns[..<half]))
        let second = Rows(features: Array(rest.features[half...]), columns: Array(rest.columns[half...]))
        switch road {
        case .alone:
            try learn(first)
            try learn(outlier)
            try learn(second)
        case .inOneRequest: try learn(first + outlier + second)
        case .lastOfAll:
            try learn(rest)
            try learn(outlier)
        case .amongMany:
            for row in first.features.indices { try learn(Rows(features: [first.features[row]], columns: [first.columns[row]])) }
            try learn(outlier)
            for row in second.features.indices { try learn(Rows(features: [second.features[row]], columns: [second.columns[row]])) }
        case .restored:
            try learn(first + outlier)
            let restored = try copy(classifier)
            try restored.learn(features: second.flat, labels: second.names)
            return try copy(restored)
        case .replayed:
            try learn(first)
            classifier.beginReplay(rows: second.features.count + 1)
            for rows in [outlier, second] {
                let columns = classifier.intern(rows.names)
                try rows.flat.withUnsafeBufferPointer { try classifier.replay(features: $0, columns: columns) }
            }
            classifier.finishReplay(version: 3)
        case .merged:
            try learn(first + second)
            let other = try Classifier(configuration)
            try other.learn(features: outlier.flat, labels: outlier.names)
            return try merged(other, into: classifier)
        case .mergedInto:
            try learn(outlier + second)
            let other = try Classifier(configuration)
            try other.learn(features: first.flat, labels: first.names)
            return try merged(classifier, into: other)
        case .deletedClass:
            try learn(rest + outlier)
            try classifier.deleteClass("c")
        }
        return classifier
    }

    private func merged(_ other: Classifier, into classifier: Classifier) throws -> Classifier {
        _ = try other.prepareToSave()
        try classifier.merge(other)
        return classifier
    }

    /// Everything in a snapshot, bit for bit.
    private func state(_ classifier: Classifier) throws -> [[UInt64]] {
        let parts = try SavedParts(classifier)
        let values = [parts.gram, parts.q, parts.mean, parts.m2, parts.weights, parts.sketches, parts.balanced ?? []]
        return values.map { $0.map(\.bitPattern) } + [(parts.counts + [parts.samples, parts.version]).map { UInt64($0) }]
    }

    private func scores(_ weights: [Double], classes: Int, _ probes: Rows) -> [Double] {
        probes.features.flatMap { row in
            (0..<classes).map { column in row.indices.reduce(0) { $0 + row[$1] * weights[$1 * classes + column] } }
        }
    }

    @Test(arguments: Road.allCases, [1e2, 1e4, 1e6, 1e8, 1e12, 1e40])
    func anOutlier_isTakenOutExactly_orNotAtAll(_ road: Road, scale: Double) throws {
        for (ridge, imbalance) in [
            (0.1, Imbalance.none), (1e-4, .pseudoFeatures(noise: 1, cap: 4, seed: 1)), (1e3, .reweight(power: 0.5)),
        ] {
            var generator = SplitMix64(state: 81)
            let rest = Self.ordinary(200, &generator)
            let outlier = Self.outlier(scale, &generator)
            let probes = Self.ordinary(30, &generator)
            let configuration = ModelConfiguration(dimension: Self.dimension, ridge: ridge, imbalance: imbalance)
            let classifier = try learned(road, rest, outlier, configuration)
            let before = try state(classifier)
            let comment: Comment = "\(road), scale \(scale), ridge \(ridge)"
            do {
                try classifier.unlearn(features: outlier.flat, labels: outlier.names)
            } catch let error as UnlearnError {
                switch error {
                case .inexact(let bound): #expect(bound > 1e-8, comment)
                case .inexactMoments(let label): #expect(label.text == outlier.names[0], comment)
                default: throw error
                }
                #expect(scale > 1e2, comment)
                #expect(try state(classifier) == before, comment)
                continue
            }
            #expect(scale < 1e8, comment)
            #expect(!classifier.sumError.isInexact, comment)
            let names = road == .deletedClass ? ["a", "b"] : Self.labels
            let joint = jointSolution(rest.features, rest.columns, classes: 3, ridge: ridge)
            let expected = names.count == 3 ? joint : (0..<Self.dimension).flatMap { row in [joint[row * 3], joint[row * 3 + 1]] }
            let difference = relativeDifference(
                scores(classifier.weights(for: names), classes: names.count, probes), scores(expected, classes: names.count, probes))
            #expect(difference < 1e-6, "\(comment): \(difference)")
            // A copy has the same bound.
            #expect(try copy(classifier).sumError.bound >= classifier.sumError.bound, comment)
        }
    }

    /// What was refused once is refused after a restart and after more rows; without rows nothing is lost.
    @Test func theBoundTravels_untilNothingIsLeft() throws {
        var generator = SplitMix64(state: 82)
        let (rest, outlier) = (Self.ordinary(100, &generator), Self.outlier(1e8, &generator))
        var classifier = try Classifier(ModelConfiguration(dimension: Self.dimension))
        try classifier.learn(features: rest.flat, labels: rest.names)
        #expect(classifier.savedSumError < 1e-9 && !classifier.sumError.isInexact)
        try classifier.learn(features: outlier.flat, labels: outlier.names)
        for round in 0..<3 {
            #expect(throws: UnlearnError.self) { try classifier.unlearn(features: outlier.flat, labels: outlier.names) }
            #expect(!classifier.sumError.isInexact, "with the row it is no more so than its condition says")
            let more = Self.ordinary(20, &generator)
            try classifier.learn(features: more.flat, labels: more.names)
            try classifier.unlearn(features: more.flat, labels: more.names)
            classifier = try copy(classifier)
            try classifier.setRidge(0.1 + Double(round))
        }
        let all = rest + outlier
        try classifier.unlearn(features: all.flat, labels: all.names)
        #expect(classifier.samples == 0 && classifier.sumError.bound == 0 && classifier.savedSumError == 0)
        try classifier.learn(features: rest.flat, labels: rest.names)
        let joint = jointSolution(rest.features, rest.columns, classes: 3, ridge: classifier.configuration.ridge)
        #expect(relativeDifference(classifier.weights(for: Self.labels), joint) < 1e-9)
    }

    /// A model with ruined sums says so, however it came, and so does a model it is merged into.
    @Test func ruinedSums_areToldOf() throws {
        var generator = SplitMix64(state: 83)
        let rest = Self.ordinary(100, &generator)
        let classifier = try Classifier(ModelConfiguration(dimension: Self.dimension))
        try classifier.learn(features: rest.flat, labels: rest.names)
        var parts = try SavedParts(classifier)
        parts.sumError = 100
        let restored = try parts.restored()
        #expect(restored.sumError.isInexact && restored.sumError.bound == 100 && restored.sumError.relative > 1e-3)
        #expect(try #require(restored.publish()).sumError?.isInexact == true)
        let again = try SavedParts(restored).restored()
        #expect(again.sumError == restored.sumError)
        try classifier.merge(again)
        #expect(classifier.sumError.isInexact && classifier.sumError.bound > 100)
        try classifier.merge(again)
        #expect(classifier.sumError.bound > 200)
        try classifier.deleteClass("a")
        try classifier.renameClass("b", to: "d")
        let saved = try SavedParts(classifier).sumError
        #expect(classifier.sumError.bound > 200 && saved == classifier.sumError.bound)
        for value in [-1, .nan, .infinity, 1e300] as [Double] {
            parts.sumError = value
            #expect(throws: RestoreError.value(part: "sum_error", index: 0)) { try parts.restored() }
        }
    }

    /// A state that an older program ruined and saved: only its sums show it.
    @Test func ruinedSums_ofAnOlderProgram_areFoundOut() throws {
        var generator = SplitMix64(state: 85)
        let rest = Self.ordinary(150, &generator)
        for scale in [0, 1e6, 1e8] {
            let classifier = try Classifier(ModelConfiguration(dimension: Self.dimension))
            try classifier.learn(features: rest.flat, labels: rest.names)
            if scale > 0 {
                // In and out again, in plain Float64.
                let outlier = Self.outlier(scale, &generator)
                var parts = try SavedParts(classifier)
                var place = 0
                for row in 0..<Self.dimension {
                    for column in 0...row {
                        let product = outlier.features[0][row] * outlier.features[0][column]
                        parts.gram[place] = (parts.gram[place] + product) - product
                        place += 1
                    }
                }
                parts.sumError = nil
                try solve(&parts)
                let restored = try parts.restored()
                #expect(restored.sumError.isInexact, "\(scale)")
                #expect(restored.sumError.relative > 1e-7, "\(scale)")
                let merged = try Classifier(ModelConfiguration(dimension: Self.dimension))
                try parts.withState { _ = try merged.merge($0) }
                #expect(merged.sumError.isInexact, "\(scale)")
            } else {
                var parts = try SavedParts(classifier)
                parts.sumError = nil
                #expect(try !parts.restored().sumError.isInexact)
            }
        }
    }

    /// Makes the weights solve the sums.
    private func solve(_ parts: inout SavedParts) throws {
        var pair = try SymmetricPair(dimension: Self.dimension)
        parts.gram.withUnsafeBufferPointer { pair.setGram(packedLower: $0) }
        var weights = try Matrix(rows: Self.dimension, columns: parts.labels.count)
        parts.q.withUnsafeBufferPointer { weights.setRowMajor($0) }
        do {
            try pair.solve(ridge: parts.configuration.ridge, weights: &weights)
        } catch {
            parts.q.withUnsafeBufferPointer { weights.setRowMajor($0) }
            try pair.solveBySpectrum(ridge: parts.configuration.ridge, weights: &weights)
        }
        weights.copyRowMajor(rows: 0..<Self.dimension, into: &parts.weights)
    }

    /// Models with few or many rows and small ridges: ordinary rows can be removed down to the last.
    @Test(arguments: [(30, 0.1), (30, 1e-3), (200, 1e-6), (1000, 0.1)]) func ordinaryRows_canGoOneByOne(count: Int, ridge: Double) throws {
        var generator = SplitMix64(state: 84)
        let rows = Self.ordinary(count, &generator)
        let classifier = try Classifier(ModelConfiguration(dimension: Self.dimension, ridge: ridge))
        try classifier.learn(features: rows.flat, labels: rows.names)
        let step = max(1, count / 20)
        for start in stride(from: 0, to: count, by: step) {
            let end = min(start + step, count)
            try classifier.unlearn(
                features: rows.features[start..<end].flatMap { $0 }, labels: rows.columns[start..<end].map { Self.labels[$0] })
        }
        #expect(classifier.samples == 0)
    }
}
