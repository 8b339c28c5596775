import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// The rows behind a model, mapped, and the label of each; nil for rows of no class.
struct KnownRows {
    var h: [[Double]] = []
    var labels: [String?] = []
    let ridge: Double

    init(ridge: Double) { self.ridge = ridge }

    /// N − QᵀW with W from a joint solution over the rows, column-major.
    func residualMoment(_ order: [Label]) -> [Double] {
        let width = h[0].count
        // Rows of no class have a target of their own, which the others do not see.
        let columns = labels.map { label in order.firstIndex { $0.text == label ?? "" } ?? order.count }
        let weights = jointSolution(h, columns, classes: order.count + 1, ridge: ridge)
        var result = [Double](repeating: 0, count: order.count * order.count)
        for (row, column) in zip(h, columns) where column < order.count {
            result[column * (order.count + 1)] += 1
            for other in order.indices {
                var score = 0.0
                for i in 0..<width { score += row[i] * weights[i * (order.count + 1) + other] }
                result[other + column * order.count] -= score
            }
        }
        return result
    }
}

extension Classifier {
    /// A, column-major with both triangles; nil if it is not known.
    var residualMoment: [Double]? {
        let moment = core.view.readout.moment
        return moment.isKnown ? moment.elements(of: Array(0..<moment.classes)) : nil
    }
}

@Suite struct ResidualMomentTests {
    private static let dimension = 12

    private func rows(_ count: Int, _ generator: inout SplitMix64) -> (features: [Double], labels: [String]) {
        var (features, labels): ([Double], [String]) = ([], [])
        for _ in 0..<count {
            let label = Int.random(in: 0..<5, using: &generator)
            labels.append("\(label)")
            for index in 0..<Self.dimension { features.append(generator.normal() + (index == 2 * label ? 2 : 0.3)) }
        }
        return (features, labels)
    }

    private func check(_ classifier: Classifier, _ known: KnownRows, _ comment: Comment) throws {
        _ = try #require(classifier.publish())
        guard classifier.registry.count > 0 else { return }
        let moment = try #require(classifier.residualMoment, comment)
        #expect(moment.count == classifier.registry.count * classifier.registry.count)
        guard !known.h.isEmpty else { return #expect(moment.allSatisfy { $0 == 0 }, comment) }
        let expected = known.residualMoment(classifier.registry.labels)
        if expected.contains(where: { $0 != 0 }) { #expect(relativeDifference(moment, expected) < 1e-9, comment) }
        for (column, count) in classifier.counts.enumerated() where count == 0 {
            let rows = 0..<classifier.counts.count
            #expect(rows.allSatisfy { moment[$0 + column * rows.count] == 0 && moment[column + $0 * rows.count] == 0 }, comment)
        }
    }

    /// Random histories of every way in which rows come and go.
    @Test(arguments: 0..<12) func itIsThatOfTheRows_afterAnyHistory(seed: Int) throws {
        var generator = SplitMix64(state: UInt64(seed) + 700)
        let ridge = [0.1, 1, 1e-3][seed % 3]
        let map: FeatureMapKind = seed % 2 == 0 ? .identity : .randomRelu(width: 24, seed: 7)
        let configuration = ModelConfiguration(dimension: Self.dimension, featureMap: map, ridge: ridge)
        var classifier = try Classifier(configuration)
        var known = KnownRows(ridge: ridge)
        func mapped(_ features: [Double]) -> [[Double]] {
            let rows = stride(from: 0, to: features.count, by: Self.dimension).map { Array(features[$0..<($0 + Self.dimension)]) }
            guard let projection = classifier.featureMap.projection else { return rows }
            return rows.map { row in
                var h = [Double](repeating: 0, count: projection.outputs)
                for (input, value) in row.enumerated() {
                    for (output, weight) in projection.row(input).enumerated() { h[output] += value * Double(weight) }
                }
                return h.map { max($0, 0) }
            }
        }
        var unmapped: [[Double]] = []
        func note(_ part: (features: [Double], labels: [String])) {
            known.h += mapped(part.features)
            known.labels += part.labels
            unmapped += stride(from: 0, to: part.features.count, by: Self.dimension).map {
                Array(part.features[$0..<($0 + Self.dimension)])
            }
        }
        for step in 0..<40 {
            let kind = step == 0 ? 0 : Int.random(in: 0..<12, using: &generator)
            switch kind {
            case 0...3:  // From single rows, which are gathered, to blocks and bulk.
                let part = rows([1, 3, 20, 90, 400][Int.random(in: 0..<5, using: &generator)], &generator)
                try classifier.learn(features: part.features, labels: part.labels)
                note(part)
            case 4:  // A group commit.
                let parts = (0..<4).map { _ in rows(Int.random(in: 1...4, using: &generator), &generator) }
                var (columns, spans, features): ([Int], [RequestSpan], [Double]) = ([], [], [])
                for part in parts {
                    spans.append(RequestSpan(rows: part.labels.count, knownClasses: classifier.registry.count))
                    columns += classifier.intern(part.labels)
                    features += part.features
                }
                _ = try features.withUnsafeBufferPointer { try classifier.learn(features: $0, columns: columns, spans: spans) }
                parts.forEach(note)
            case 5:  // A load, in two pieces.
                for _ in 0..<2 {
                    let part = rows(60, &generator)
                    let span = RequestSpan(rows: part.labels.count, knownClasses: classifier.registry.count)
                    let columns = classifier.intern(part.labels)
                    _ = try part.features.withUnsafeBufferPointer {
                        try classifier.learn(features: $0, columns: columns, spans: [span], isForLater: true)
                    }
                    note(part)
                }
                classifier.catchUp()
            case 6:
                let part = rows(Int.random(in: 1...200, using: &generator), &generator)
                let columns = classifier.intern(part.labels)
                classifier.beginReplay(rows: part.labels.count)
                try part.features.withUnsafeBufferPointer { try classifier.replay(features: $0, columns: columns) }
                classifier.finishReplay(version: classifier.version + 1)
                note(part)
            case 7:  // The downdate, or a solution.
                let count = min([1, 3, 60][Int.random(in: 0..<3, using: &generator)], unmapped.count)
                let chosen = unmapped.indices.filter { known.labels[$0] != nil }.shuffled(using: &generator).prefix(count).sorted()
                guard !chosen.isEmpty else { continue }
                try classifier.unlearn(features: chosen.flatMap { unmapped[$0] }, labels: chosen.map { known.labels[$0]! })
                for index in chosen.reversed() {
                    known.h.remove(at: index)
                    known.labels.remove(at: index)
                    unmapped.remove(at: index)
                }
            case 8:
                let other = try Classifier(configuration, featureMap: classifier.featureMap)
                let part = rows(Int.random(in: 1...50, using: &generator), &generator)
                try other.learn(features: part.features, labels: part.labels)
                try classifier.merge(other)
                note(part)
            case 9: classifier = try SavedParts(classifier).restored()
            case 10:
                try classifier.setRidge(known.ridge * 2)
                var other = KnownRows(ridge: known.ridge * 2)
                (other.h, other.labels) = (known.h, known.labels)
                known = other
            default:
                guard let label = classifier.registry.labels.randomElement(using: &generator) else { continue }
                try classifier.deleteClass(label)
                for index in known.labels.indices where known.labels[index] == label.text { known.labels[index] = nil }
            }
            // Sometimes nobody looks before the next change.
            if Bool.random(using: &generator) { try check(classifier, known, "seed \(seed), step \(step), kind \(kind)") }
        }
        try check(classifier, known, "seed \(seed), at the end")
    }

    /// Beyond the largest number of classes there is none, and below it again there is.
    @Test func itIsKeptUpToAThousandClasses() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 3, ridge: 1))
        let most = ResidualMoment.mostClasses
        try classifier.learn(features: (0..<(3 * most)).map { Double($0 % 7) }, labels: (0..<most).map { "\($0)" })
        _ = classifier.publish()
        #expect(classifier.residualMoment != nil)
        try classifier.learn(features: [1, 2, 3], labels: ["another"])
        let weights = try #require(classifier.publish())
        #expect(classifier.residualMoment == nil)
        #expect(throws: NoveltyGap.manyClasses(most: most)) { try weights.novelty.get() }
        try classifier.deleteClass("0")
        #expect(try #require(classifier.publish()).novelty.get().rows == Double(most))
    }

    /// A published state keeps its own moment while the model learns on.
    @Test func aPublishedState_isImmutable() throws {
        var generator = SplitMix64(state: 3)
        let classifier = try Classifier(ModelConfiguration(dimension: Self.dimension))
        let first = rows(40, &generator)
        try classifier.learn(features: first.features, labels: first.labels)
        let weights = try #require(classifier.publish())
        for _ in 0..<20 {
            let row = rows(1, &generator)
            try classifier.learn(features: row.features, labels: row.labels)
        }
        #expect(try weights.novelty.get().rows == 40)
        #expect(try #require(classifier.publish()).novelty.get().rows == 60)
    }
}
