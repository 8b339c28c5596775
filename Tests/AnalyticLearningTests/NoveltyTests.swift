import Foundation
import LinearAlgebra
import Testing

@testable import AnalyticLearning

extension Classifier {
    /// The novelty of unmapped rows, from scores in Float64.
    func novelties(_ features: [Double]) throws -> [Double?] {
        let (measure, dimension) = (try #require(publish()).novelty.get(), featureMap.dimension)
        var scratch: [Double] = []
        return withWeights { weights in
            stride(from: 0, to: features.count, by: dimension).map { first in
                let scores = (0..<weights.columns).map { column in
                    (0..<dimension).reduce(0) { $0 + features[first + $1] * weights[$1, column] }
                }
                return scores.withUnsafeBufferPointer { measure.novelty($0, scratch: &scratch) }
            }
        }
    }
}

/// The relative Mahalanobis distance as its definition says, from rows and explicit inverses.
struct RelativeMahalanobis {
    private let within: [[Double]]
    private let total: [[Double]]
    private let means: [[Double]]
    private let mean: [Double]

    /// - Parameter columns: the class of each row; nil for rows of no class, which count as scatter around zero.
    init(_ h: [[Double]], _ columns: [Int?], classes: Int, ridge: Double) {
        let width = h[0].count
        var means = [[Double]](repeating: [Double](repeating: 0, count: width), count: classes)
        var counts = [Double](repeating: 0, count: classes)
        for (row, column) in zip(h, columns) {
            guard let column else { continue }
            counts[column] += 1
            for i in 0..<width { means[column][i] += row[i] }
        }
        let rows = counts.reduce(0, +)
        let mean = (0..<width).map { i in means.reduce(0) { $0 + $1[i] } / rows }
        for column in 0..<classes where counts[column] > 0 { means[column] = means[column].map { $0 / counts[column] } }
        let zero = [[Double]](repeating: [Double](repeating: 0, count: width), count: width)
        var (within, total) = (zero, zero)
        for (row, column) in zip(h, columns) {
            let own = column.map { zip(row, means[$0]).map { $0 - $1 } } ?? row
            let all = column.map { _ in zip(row, mean).map { $0 - $1 } } ?? row
            for i in 0..<width {
                for j in 0..<width {
                    within[i][j] += own[i] * own[j]
                    total[i][j] += all[i] * all[j]
                }
            }
        }
        for i in 0..<width {
            within[i][i] += ridge
            total[i][i] += ridge
        }
        self.mean = mean
        self.within = Self.inverse(within)
        self.total = Self.inverse(total)
        self.means = zip(means, counts).filter { $1 > 0 }.map(\.0)
    }

    func novelty(_ row: [Double]) -> Double {
        means.map { distance(row, $0, within) }.min()! - distance(row, mean, total)
    }

    private func distance(_ row: [Double], _ centre: [Double], _ inverse: [[Double]]) -> Double {
        let x = zip(row, centre).map { $0 - $1 }
        return x.indices.reduce(0) { sum, i in sum + x[i] * x.indices.reduce(0) { $0 + inverse[i][$1] * x[$1] } }
    }

    /// Gauss-Jordan elimination with pivoting.
    private static func inverse(_ matrix: [[Double]]) -> [[Double]] {
        let order = matrix.count
        var a = matrix.enumerated().map { index, row in row + (0..<order).map { $0 == index ? 1 : 0 } }
        for k in 0..<order {
            let pivot = (k..<order).max { abs(a[$0][k]) < abs(a[$1][k]) }!
            a.swapAt(k, pivot)
            let factor = 1 / a[k][k]
            for j in 0..<(2 * order) { a[k][j] *= factor }
            for i in 0..<order where i != k && a[i][k] != 0 {
                let factor = a[i][k]
                for j in 0..<(2 * order) { a[i][j] -= factor * a[k][j] }
            }
        }
        return a.map { Array($0[order...]) }
    }
}

@Suite struct NoveltyTests {
    private func rows(_ count: Int, _ dimension: Int, _ classes: Int, _ generator: inout SplitMix64) -> (h: [[Double]], columns: [Int]) {
        var (h, columns): ([[Double]], [Int]) = ([], [])
        for row in 0..<count {
            let drawn = (0..<2).map { _ in Int.random(in: 0..<classes, using: &generator) }
            let column = row < classes ? row : min(drawn[0], drawn[1])
            columns.append(column)
            h.append((0..<dimension).map { max(0, generator.normal() + ($0 % classes == column ? 1 : 0.2)) })
        }
        return (h, columns)
    }

    private func agree(_ values: [Double?], _ expected: [Double], _ comment: Comment = "") throws {
        let scale = expected.map(abs).max()!
        for (value, truth) in zip(values, expected) { #expect(abs(try #require(value) - truth) < 1e-9 * scale, comment) }
    }

    @Test func novelty_isTheRelativeMahalanobisDistance() throws {
        var generator = SplitMix64(state: 8)
        for (dimension, classes, ridge) in [(9, 2, 0.3), (20, 6, 0.01), (40, 13, 5)] {
            let classifier = try Classifier(ModelConfiguration(dimension: dimension, ridge: ridge))
            var (h, columns) = rows(300, dimension, classes, &generator)
            let test = rows(40, dimension, classes, &generator).h
            try classifier.learn(features: h.flatMap { $0 }, labels: columns.map { "\($0)" })
            let direct = RelativeMahalanobis(h, columns, classes: classes, ridge: ridge)
            try agree(classifier.novelties(test.flatMap { $0 }), test.map(direct.novelty))
            // In Float32, with the digits of Float32.
            let weights = try #require(classifier.publish())
            var (workspace, scratch) = (ScoreWorkspace(), [Double]())
            let scorer = try #require(weights.scorer(.plain))
            scorer.score(test.flatMap { $0.map(Float.init) }, workspace: &workspace)
            let measure = try weights.novelty.get()
            for (row, expected) in test.map(direct.novelty).enumerated() {
                let scores = Array(workspace.scores[(row * classes)..<((row + 1) * classes)])
                let value = try #require(scores.withUnsafeBufferPointer { measure.novelty($0, scratch: &scratch) })
                #expect(abs(value - expected) < 1e-4 * (abs(expected) + 1 / weights.counts.map(Double.init).min()!))
            }
            // A deleted class's rows are scatter.
            guard classes > 2 else { continue }
            try classifier.deleteClass("1")
            let others = columns.map { $0 == 1 ? nil : $0 }
            let rest = RelativeMahalanobis(h, others, classes: classes, ridge: ridge)
            try agree(classifier.novelties(test.flatMap { $0 }), test.map(rest.novelty), "without a class")
            // A class without rows has no mean.
            try classifier.unlearn(
                features: zip(h, columns).filter { $1 == 0 }.flatMap(\.0), labels: columns.filter { $0 == 0 }.map { "\($0)" })
            let kept = columns.indices.filter { columns[$0] != 0 }
            (h, columns) = (kept.map { h[$0] }, kept.map { columns[$0] })
            let fewer = RelativeMahalanobis(h, columns.map { $0 == 1 ? nil : $0 }, classes: classes, ridge: ridge)
            try agree(classifier.novelties(test.flatMap { $0 }), test.map(fewer.novelty), "a class without rows")
        }
    }

    @Test func withoutTwoClasses_orWithoutDigits_thereIsNone() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 3, ridge: 1e-12))
        #expect(throws: NoveltyGap.fewClasses) { try #require(classifier.publish()).novelty.get() }
        try classifier.learn(features: [1, 2, 3], labels: ["a"])
        #expect(throws: NoveltyGap.fewClasses) { try #require(classifier.publish()).novelty.get() }
        try classifier.learn(features: [1e9, 1e9, 1, 1e9, 1e9, 2, 1e9, 1e9, 3, 1e9, 1e9, 4], labels: ["a", "b", "a", "b"])
        #expect(classifier.health.isTruncated)
        #expect(throws: NoveltyGap.illConditioned) { try #require(classifier.publish()).novelty.get() }
    }

    /// Our own loops and LAPACK's invert alike.
    @Test(arguments: [1, 2, 7, 40, 127, 128, 200]) func thePrecisionMatrix_isTheInverse(order: Int) throws {
        // Correlations, between classes of very different size.
        let scale = (0..<order).map { pow(10, Double($0 % 9)) }
        var matrix = [Double](repeating: 0, count: order * order)
        for i in 0..<order {
            for j in 0..<order { matrix[i + j * order] = scale[i] * scale[j] * (i == j ? 1 : i % 2 == j % 2 ? 0.3 : 0.1) }
        }
        let inverse = try #require(PrecisionMatrix.inverse(of: matrix, order: order))
        for i in 0..<order {
            for j in 0..<order {
                var sum = 0.0
                for k in 0..<order { sum += matrix[i + k * order] * inverse[k + j * order] }
                #expect(abs(sum * scale[j] / scale[i] - (i == j ? 1 : 0)) < 1e-9)
            }
        }
        var singular = matrix
        for i in 0..<order {
            singular[i + (order - 1) * order] = singular[i]
            singular[order - 1 + i * order] = singular[i]
        }
        if order > 2 { #expect(PrecisionMatrix.inverse(of: singular, order: order) == nil) }
    }

    /// The share of pairs (new, known) in which the new one has the higher value.
    private func areaUnderCurve(new: [Double], known: [Double]) -> Double {
        var wins = 0.0
        for a in new { for b in known { wins += a > b ? 1 : a == b ? 0.5 : 0 } }
        return wins / Double(new.count * known.count)
    }

    /// Each digit left out in turn: novelty beside leverage and a low best score.
    @Test func novelty_tellsAClassNeverLearned() throws {
        let stream = try DigitStream(seed: 5)
        var sums = (novelty: 0.0, leverage: 0.0, score: 0.0)
        for held in 0..<10 {
            let known = stream.order.filter { stream.digits.labels[$0] != held }
            let new = stream.order.filter { stream.digits.labels[$0] == held }
            let classifier = try stream.digits.classifier()
            try classifier.learn(
                features: stream.digits.rows(known[..<1300]), labels: known[..<1300].map { "\(stream.digits.labels[$0])" })
            let weights = try #require(classifier.publish())
            func values(_ rows: some Collection<Int>) throws -> (novelty: [Double], leverage: [Double], score: [Double]) {
                let features = stream.digits.rows(rows)
                let (measure, scorer) = (try weights.novelty.get(), try #require(weights.scorer()))
                var scratch: [Double] = []
                return (
                    stride(from: 0, to: features.count, by: Digits.dimension).map { first in
                        scorer.scoreInDouble(Array(features[first..<(first + Digits.dimension)]))
                            .withUnsafeBufferPointer { measure.novelty($0, scratch: &scratch)! }
                    },
                    try #require(try features.withUnsafeBufferPointer { try classifier.leverages(of: $0) }),
                    weights.predict(features.map(Float.init)).map { -Double($0.score) }
                )
            }
            let (unseen, seen) = (try values(new), try values(known[1300...]))
            sums.novelty += areaUnderCurve(new: unseen.novelty, known: seen.novelty) / 10
            sums.leverage += areaUnderCurve(new: unseen.leverage, known: seen.leverage) / 10
            sums.score += areaUnderCurve(new: unseen.score, known: seen.score) / 10
        }
        print("area under the curve, a digit left out: \(sums)")
        #expect(sums.novelty > 0.93 && sums.novelty > sums.leverage && sums.novelty > sums.score)
    }
}
