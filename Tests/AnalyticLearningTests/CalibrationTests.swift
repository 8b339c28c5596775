import Foundation
import Testing

@testable import AnalyticLearning

@Suite struct CalibrationTests {
    /// Expected calibration error over fifteen bins with forgetting, written out.
    private func expectedCalibrationError(_ rows: [(confidence: Double, isCorrect: Bool)]) -> Double {
        var (sums, total) = ([Double](repeating: 0, count: 15), 0.0)
        for (age, row) in rows.reversed().enumerated() {
            let weight = pow(0.999, Double(age))
            sums[min(14, Int(row.confidence * 15))] += weight * (row.confidence - (row.isCorrect ? 1 : 0))
            total += weight
        }
        return sums.reduce(0) { $0 + abs($1) } / total
    }

    private func softmax(_ scores: [Double], _ beta: Double) -> [Double] {
        let powers = scores.map { exp(beta * ($0 - scores.max()!)) }
        return powers.map { $0 / powers.reduce(0, +) }
    }

    /// The temperature by a golden-section search over the likelihood of all rows, kept for the purpose.
    private func temperature(_ rows: [(scores: [Double], label: Int)]) -> Double {
        let weights = rows.indices.map { pow(0.999, Double(rows.count - 1 - $0)) }
        let smoothing = 1 / (weights.reduce(0, +) + 2)
        func loss(_ logarithm: Double) -> Double {
            let beta = exp(logarithm)
            var sum = 0.0
            for (row, weight) in zip(rows, weights) {
                let highest = row.scores.max()!
                let partition = log(row.scores.reduce(0) { $0 + exp(beta * ($1 - highest)) })
                let average = row.scores.reduce(0, +) / Double(row.scores.count)
                let target = (1 - smoothing) * row.scores[row.label] + smoothing * average
                sum += weight * (partition - beta * (target - highest))
            }
            return sum
        }
        var (low, high) = (log(1.0 / 64), log(1048576.0))
        let ratio = (5.0.squareRoot() - 1) / 2
        while high - low > 1e-7 {
            let (first, second) = (high - ratio * (high - low), low + ratio * (high - low))
            if loss(first) < loss(second) { high = second } else { low = first }
        }
        return exp(-(low + high) / 2)
    }

    /// Scores of `classes` classes, the true one higher by `gap` on average.
    private func row(_ classes: Int, gap: Double, scale: Double, _ generator: inout SplitMix64) -> (scores: [Double], label: Int) {
        let label = Int.random(in: 0..<classes, using: &generator)
        let scores = (0..<classes).map { scale * ((($0 == label) ? gap : 0) + 0.3 * generator.normal()) }
        return (scores, label)
    }

    @Test(arguments: [(2, 1.0, 1.0), (5, 0.6, 1e-4), (12, 1.4, 1.0), (30, 0.0, 0.5), (9, 3.0, 0.02)])
    func temperature_isThatOfABruteForceFit(classes: Int, gap: Double, scale: Double) throws {
        var generator = SplitMix64(state: UInt64(classes))
        let calibrator = Calibrator()
        var rows: [(scores: [Double], label: Int)] = []
        var (calibrated, raw): ([(confidence: Double, isCorrect: Bool)], [(confidence: Double, isCorrect: Bool)]) = ([], [])
        for index in 0..<1500 {
            // The stream changes halfway: what came before is forgotten.
            let row = row(classes, gap: index < 700 ? gap / 2 : gap, scale: scale, &generator)
            if let calibration = calibrator.calibration {
                let best = row.scores.indices.max { row.scores[$0] < row.scores[$1] }!
                calibrated.append((softmax(row.scores, 1 / calibration.temperature)[best], best == row.label))
                raw.append((softmax(row.scores, 1)[best], best == row.label))
            }
            row.scores.withUnsafeBufferPointer { calibrator.record($0, label: row.label) }
            rows.append(row)
            #expect((calibrator.calibration == nil) == (index < 199))
            guard [199, 700, 1499].contains(index) else { continue }
            let calibration = try #require(calibrator.calibration)
            #expect(calibration.samples == rows.count)
            #expect(abs(log(calibration.temperature / temperature(rows))) < 1e-3, "after \(index + 1) rows")
        }
        let calibration = try #require(calibrator.calibration)
        #expect(abs(calibration.expectedCalibrationError! - expectedCalibrationError(calibrated)) < 1e-9)
        #expect(abs(calibration.expectedCalibrationErrorOfRawScores! - expectedCalibrationError(raw)) < 1e-9)
    }

    /// Newton's steps against halvings, for polynomials that rise steeply, hardly, in turns, or at one end alone.
    @Test func root_isWhereHalvingsFindIt() {
        var generator = SplitMix64(state: 3)
        for _ in 0..<20_000 {
            let size = exp(10 * generator.normal())
            let a = -size * Double.random(in: 0...1, using: &generator)
            var (b, c, d) = (size * generator.normal(), size * generator.normal(), size * generator.normal())
            if Bool.random(using: &generator) { (b, c, d) = (b * 1e-9, c * 1e-9, d * 1e3) }
            let at1 = size * Double.random(in: 0...1, using: &generator) * (Bool.random(using: &generator) ? 1 : 1e-12)
            let e = at1 - a - b - c - d
            func value(_ x: Double) -> Double { a + x * (b + x * (c + x * (d + x * e))) }
            let x = LikelihoodGrid.root(a, b, c, d, e, at1: at1)
            #expect(x >= 0 && x <= 1)
            // The sign changes here, or rounding decides.
            let rounding = 1e-14 * (abs(a) + abs(b) + abs(c) + abs(d) + abs(e))
            let step = 1e-9
            #expect(value(max(0, x - step)) <= rounding || value(min(1, x + step)) >= -rounding)
            let isRising = b >= 0 && c >= 0 && d >= 0 && e >= 0
            guard isRising, b > 1e-3 * size else { continue }
            var (low, high) = (0.0, 1.0)
            for _ in 0..<60 { if value((low + high) / 2) < 0 { low = (low + high) / 2 } else { high = (low + high) / 2 } }
            #expect(abs(x - low) < 1e-9)
        }
        #expect(LikelihoodGrid.root(-1, 0, 0, 0, 1, at1: 0) == 1)
        #expect(LikelihoodGrid.root(-1, 2, 0, 0, 0, at1: 1) == 0.5)
    }

    @Test func digits_areCalibrated_whereRawSoftmaxIsNot() throws {
        let stream = try DigitStream(seed: 1)
        let classifier = try stream.digits.classifier()
        for range in stream.requests where range.upperBound <= 1400 { try stream.learn(range, classifier) }
        let weights = try #require(classifier.publish())
        let calibration = try #require(weights.calibration(of: .plain))
        #expect(calibration.expectedCalibrationError! < 0.05)
        #expect(calibration.expectedCalibrationErrorOfRawScores! > 0.05)
        // Rows that were never learned, with the published calibration.
        var workspace = ScoreWorkspace()
        let test = Array(stream.order[1400...])
        try #require(weights.scorer()).score(stream.digits.rows(test).map(Float.init), workspace: &workspace)
        var (calibrated, raw): ([(confidence: Double, isCorrect: Bool)], [(confidence: Double, isCorrect: Bool)]) = ([], [])
        for (row, index) in test.enumerated() {
            let scores = workspace.scores[(row * 10)..<(row * 10 + 10)].map(Double.init)
            let best = scores.indices.max { scores[$0] < scores[$1] }!
            let isCorrect = weights.labels[best] == "\(stream.digits.labels[index])"
            let softmax = calibration.softmax(workspace.scores, row: (row * 10)..<(row * 10 + 10))
            #expect(abs(scores.reduce(0) { $0 + softmax.probability(score: $1) } - 1) < 1e-9)
            calibrated.append((softmax.probability(score: scores[best]), isCorrect))
            raw.append((self.softmax(scores, 1)[best], isCorrect))
        }
        let errors = (expectedCalibrationError(calibrated), expectedCalibrationError(raw))
        #expect(errors.0 < 0.05 && errors.1 > 0.05)
    }
}
