import DirectSolutions
import Foundation
import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// The discriminant against the same from rows in D dimensions.
@Suite struct DiscriminantTests {
    /// A model and the rows it has learned, which change together.
    private struct World {
        var classifier: Classifier
        var rows: [(features: [Double], label: String?)] = []
        private var generator: SplitMix64
        private let centers: [[Double]]
        static let (dimension, ridge) = (14, 0.3)
        static let labels = ["a", "b", "c", "late", "e"]

        init(seed: UInt64, falseShare: Double = 0.02) throws {
            classifier = try Classifier(
                ModelConfiguration(
                    dimension: Self.dimension, ridge: Self.ridge, imbalance: .discriminant(falseShare: falseShare, seed: seed)))
            var generator = SplitMix64(state: seed)
            centers = Self.labels.map { _ in (0..<Self.dimension).map { _ in 0.7 * generator.normal() } }
            self.generator = generator
        }

        mutating func drawn(_ label: String) -> [Double] {
            zip(centers[Self.labels.firstIndex(of: label)!], 0..<Self.dimension).map { center, _ in center + generator.normal() + 0.4 }
        }

        mutating func learn(_ count: Int, of labels: [String]) throws {
            let texts = (0..<count).map { _ in labels.randomElement(using: &generator)! }
            let features = texts.map { drawn($0) }
            try classifier.learn(features: features.flatMap { $0 }, labels: texts)
            rows += zip(features, texts).map { ($0, $1) }
        }

        mutating func unlearn(_ count: Int) throws {
            var removed: [(features: [Double], label: String?)] = []
            for _ in 0..<count {
                let places = rows.indices.filter { rows[$0].label != nil }
                removed.append(rows.remove(at: places.randomElement(using: &generator)!))
            }
            try classifier.unlearn(features: removed.flatMap { $0.features }, labels: removed.map { $0.label! })
        }

        mutating func merge(_ count: Int) throws {
            let other = try Classifier(classifier.configuration)
            let texts = (0..<count).map { _ in Self.labels.randomElement(using: &generator)! }
            let features = texts.map { drawn($0) }
            try other.learn(features: features.flatMap { $0 }, labels: texts)
            try classifier.merge(other)
            rows += zip(features, texts).map { ($0, $1) }
        }

        mutating func delete(_ label: String) throws {
            try classifier.deleteClass(Label(stringLiteral: label))
            for index in rows.indices where rows[index].label == label { rows[index].label = nil }
        }

        mutating func restore() throws { classifier = try SavedParts(classifier).restored() }

        /// A step of a random history.
        mutating func step() throws {
            let present = Set(rows.compactMap(\.label))
            switch Int.random(in: 0..<12, using: &generator) {
            case 0...2: try learn(1, of: Self.labels)
            case 3...5: try learn(Int.random(in: 2...40, using: &generator), of: Self.labels)
            case 6: try learn(90, of: ["a", "b", "c"])
            case 7, 8: if rows.filter({ $0.label != nil }).count > 20 { try unlearn(Int.random(in: 1...6, using: &generator)) }
            case 9: try merge(Int.random(in: 1...50, using: &generator))
            case 10: try restore()
            default: if present.count > 4 { try delete(present.sorted().randomElement(using: &generator)!) }
            }
        }

        /// The scores of unlearned rows and of learned ones, beside direct ones: relative to a standard deviation of the row's scores.
        func largestDifference(_ probes: [[Double]]) throws -> Double {
            let weights = try #require(classifier.balanced)
            let known = classifier.registry.labels.indices.filter { classifier.counts[$0] > 0 }
            let labels = known.map { classifier.registry.labels[$0] }
            guard case .discriminant(let share, let seed) = classifier.configuration.imbalance else { return .infinity }
            let columns = rows.map { row in labels.firstIndex { $0.text == row.label } ?? -1 }
            let sources = labels.map { NormalDraws(seed: seed, label: $0) }
            let direct = try #require(
                DirectDiscriminant(
                    rows.map(\.features), columns, classes: labels.count, ridge: Self.ridge, falseShare: share
                ) { column, draw, count in
                    var row = [Double](repeating: 0, count: count)
                    row.withUnsafeMutableBufferPointer { sources[column].fill($0, draw: draw) }
                    return row
                })
            let h = try Matrix(rows: Self.dimension, columns: probes.count).filled(with: probes.flatMap { $0 })
            var worst = 0.0
            for (probe, scores) in zip(probes, weights.scores(of: h)) {
                let (mine, expected) = (known.map { scores[$0] }, direct.scores(probe))
                let shift = zip(mine, expected).reduce(0) { $0 + $1.0 - $1.1 } / Double(mine.count)
                let size = max(1, expected.map(abs).max()!)
                for (mine, expected) in zip(mine, expected) { worst = max(worst, abs(mine - expected - shift) / size) }
                for column in scores.indices where !known.contains(column) { #expect(scores[column] < -1e20) }
            }
            return worst
        }
    }

    /// After random histories of learn, unlearn, merge, restore and deletion, the scores are those computed from the rows themselves.
    @Test(arguments: 1...4) func scoresAreThoseOfTheRows(seed: UInt64) throws {
        var world = try World(seed: seed, falseShare: seed % 2 == 0 ? 0.02 : 0.1)
        try world.learn(80, of: ["a", "b", "c"])
        try world.learn(4, of: ["late"])
        for round in 0..<3 {
            for _ in 0..<6 { try world.step() }
            guard world.classifier.counts.filter({ $0 > 0 }).count > 1 else { continue }
            try world.classifier.rebalance()
            let probes = (0..<10).map { _ in world.drawn("a") } + (0..<5).map { _ in world.drawn("late") }
            let difference = try world.largestDifference(probes)
            #expect(difference < 1e-9, "seed \(seed), round \(round), counts \(world.classifier.counts)")
        }
    }

    /// The parts of late_rule.py on a small stream: numbers printed by the program itself.
    @Test func theReference() throws {
        let file = try Vectors("late_rule")
        let (rows, columns) = (try file.doubles("rows"), try file.integers("labels"))
        let width = rows.count / columns.count
        let ridge = try file.doubles("ridge")[0]
        let classifier = try Classifier(ModelConfiguration(dimension: width, ridge: ridge, imbalance: .discriminant()))
        // Columns in order of first appearance: the reference's.
        try classifier.learn(features: rows, labels: columns.map { "\($0)" })
        let problem = try DiscriminantProblem(
            classifier.configuration, labels: classifier.registry.labels, epoch: 0, falseShare: 0.02, classifier.core)
        let sums = try problem.makeSums()
        guard let fit = try DiscriminantFit(sums) else { throw BalanceError.noClass }
        #expect(abs(fit.degrees / (try file.doubles("degrees")[0]) - 1) < 1e-11)
        #expect(relativeDifference(fit.products.withElements { Array($0) }, try file.doubles("products")) < 1e-11)
        let takes = FalseTakes(counts: sums.counts, share: 0.02)
        let labels = classifier.registry.labels
        guard let calibration = try DiscriminantCalibration(fit, sums, takes, labels: labels, seed: 0, shouldStop: { false }) else {
            throw BalanceError.stopped
        }
        let poor = try file.integers("poor")
        #expect(takes.poor == poor)
        // The reference draws other rows, 800 of each class.
        let (marginWeights, offsets) = (calibration.marginWeights, calibration.offsets)
        for (mine, theirs) in zip(marginWeights, try file.doubles("margin_weight")) { #expect(abs(mine / theirs - 1) < 0.1) }
        for (mine, theirs) in zip(offsets, try file.doubles("offset")) { #expect(abs(mine - theirs) < 0.3) }

        try classifier.rebalance()
        let (probes, likelihoods, margins) = (try file.doubles("probes"), try file.doubles("likelihood"), try file.doubles("margin"))
        let h = try Matrix(rows: width, columns: probes.count / width).filled(with: probes)
        for (row, scores) in try #require(classifier.balanced).scores(of: h).enumerated() {
            for (column, score) in scores.enumerated() {
                let place = row * scores.count + column
                let expected = likelihoods[place] + offsets[column] + marginWeights[column] * margins[place]
                #expect(abs(score * DiscriminantRule.unit - expected) < 1e-9 * max(1, abs(expected)))
            }
        }
    }
}
