import Foundation
import Testing

@testable import AnalyticLearning

/// Calibration when requests are grouped, and when a model is saved, merged or changed.
@Suite struct CalibrationStateTests {
    private let stream: DigitStream

    init() throws { stream = try DigitStream(seed: 2) }

    /// A classifier that has learned some rows request by request.
    private func classifier(rows: Int) throws -> Classifier {
        let classifier = try stream.digits.classifier()
        for range in stream.requests where range.upperBound <= rows { try stream.learn(range, classifier) }
        return classifier
    }

    private func isClose(_ a: Calibration?, _ b: Calibration?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return a.samples == b.samples && abs(a.temperature / b.temperature - 1) < 1e-9
            && abs((a.expectedCalibrationError ?? -1) - (b.expectedCalibrationError ?? -1)) < 1e-9
            && abs((a.expectedCalibrationErrorOfRawScores ?? -1) - (b.expectedCalibrationErrorOfRawScores ?? -1)) < 1e-9
    }

    @Test func groupingOfRequests_changesNothing() throws {
        let single = try classifier(rows: 1200)
        let expected = try #require(single.calibration(of: .plain))
        for seed: UInt64 in 1...4 {
            var generator = SplitMix64(state: seed)
            let grouped = try stream.digits.classifier()
            var rest = stream.requests.filter { $0.upperBound <= 1200 }[...]
            while !rest.isEmpty {
                let group = rest.prefix(Int.random(in: 1...40, using: &generator))
                try stream.learn(together: group, grouped)
                rest = rest.dropFirst(group.count)
            }
            #expect(isClose(grouped.calibration(of: .plain), expected))
        }
    }

    /// Large requests, if they are not larger than the model, are scored by the weights before them, and accumulated and solved once.
    @Test(arguments: [200, 600]) func largeRequests_areScoredRowByRow(rows: Int) throws {
        let classifier = try classifier(rows: 700)
        let single = Calibrator()
        single.restore(classifier.calibrationState(of: .plain))
        let weights = classifier.weights(for: classifier.registry.labels)
        let range = 700..<(700 + rows)
        for (h, index) in zip(stream.digits.mapped(stream.order[range]), stream.order[range]) {
            let scores = (0..<10).map { column in (0..<h.count).reduce(0) { $0 + h[$1] * weights[$1 * 10 + column] } }
            let label = classifier.registry.column(of: "\(stream.digits.labels[index])")!
            scores.withUnsafeBufferPointer { single.record($0, label: label) }
        }
        try stream.learn(range, classifier)
        #expect(isClose(classifier.calibration(of: .plain), single.calibration))
    }

    /// A request too large for one block and too small for a direct solution goes through the recursion in parts, after it was scored
    /// completely.
    @Test func aRequestOfSeveralBlocks_isScoredByTheWeightsBeforeIt() throws {
        let dimension = 1200
        var generator = SplitMix64(state: 9)
        let classifier = try Classifier(ModelConfiguration(dimension: dimension, ridge: 10))
        func rows(_ count: Int) -> (features: [Double], labels: [String]) {
            let labels = (0..<count).map { _ in Int.random(in: 0..<3, using: &generator) }
            let features = labels.flatMap { label in (0..<dimension).map { ($0 % 3 == label ? 0.2 : 0) + generator.normal() } }
            return (features, labels.map(String.init))
        }
        let first = rows(450)
        for row in [0..<3, 3..<450] {
            let features = Array(first.features[(row.lowerBound * dimension)..<(row.upperBound * dimension)])
            try classifier.learn(features: features, labels: Array(first.labels[row]))
        }
        let single = Calibrator()
        single.restore(classifier.calibrationState(of: .plain))
        let second = rows(400)
        #expect(400 > classifier.core.view.cost.blockRows && classifier.core.path(rows: 400, classes: 3) == .blocks)
        let weights = classifier.weights(for: classifier.registry.labels)
        for row in 0..<400 {
            var scores = [0.0, 0, 0]
            for index in 0..<dimension {
                for column in 0..<3 { scores[column] += second.features[row * dimension + index] * weights[index * 3 + column] }
            }
            scores.withUnsafeBufferPointer { single.record($0, label: classifier.registry.column(of: second.labels[row])!) }
        }
        try classifier.learn(features: second.features, labels: second.labels)
        #expect(single.calibration != nil && isClose(classifier.calibration(of: .plain), single.calibration))
    }

    @Test func aSavedModel_goesOnAsItWould() throws {
        for rows in [150, 900] {
            let classifier = try classifier(rows: rows)
            let restored = try SavedParts(classifier).restored()
            #expect(restored.calibration(of: .plain) == classifier.calibration(of: .plain))
            #expect(restored.calibrationState(of: .plain) == classifier.calibrationState(of: .plain))
            #expect(restored.publish()?.calibration(of: .plain) == classifier.calibration(of: .plain))
            for range in stream.requests where range.lowerBound >= rows && range.upperBound <= rows + 300 {
                try stream.learn(range, classifier)
                try stream.learn(range, restored)
            }
            #expect(isClose(restored.calibration(of: .plain), classifier.calibration(of: .plain)))
        }
        // A snapshot from before calibration existed.
        var old = try SavedParts(classifier(rows: 900))
        old.calibration = nil
        #expect(try old.restored().calibration(of: .plain) == nil)
    }

    @Test func contradictions_areRefused() throws {
        let parts = try SavedParts(classifier(rows: 900))
        let changes: [(inout CalibrationState) -> Void] = [
            { $0.summary.removeLast() }, { $0.summary[0] = -1 }, { $0.summary[1] = $0.summary[0] + 1 }, { $0.summary[1] = 0.5 },
            { $0.summary[1] = 0 }, { $0.summary[2] = .nan }, { $0.summary[2] = 2000 }, { $0.summary[3] = 1 }, { $0.summary[4] = -9 },
            { $0.summary[0] = 1e300 }, { $0.likelihood.removeLast() }, { $0.likelihood[0] = .infinity }, { $0.likelihood[1] = 1 },
            { $0.likelihood[5] = -1 }, { $0.reliability.append(0) }, { $0.reliability[0] = -1 },
            { $0.reliability[43] = $0.reliability[42] + 1 }, { $0.reliability[44] = .nan },
        ]
        for (index, change) in changes.enumerated() {
            var damaged = parts
            change(&damaged.calibration!)
            #expect(throws: RestoreError.self, "change \(index)") { try damaged.restored() }
            damaged = parts
            damaged.balancedCalibration = damaged.calibration
            change(&damaged.balancedCalibration!)
            #expect(throws: RestoreError.self, "change \(index) of the balanced weights'") { try damaged.restored() }
        }
    }

    @Test func nothingIsSaid_beforeEnoughLabelsOfTwoClasses() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 2))
        for _ in 0..<50 { try classifier.learn(features: (0..<20).map(Double.init), labels: Array(repeating: "one", count: 10)) }
        #expect(classifier.calibrationState(of: .plain) == nil)
        #expect(classifier.publish()?.calibration(of: .plain) == nil)
        // The first row of another class has a new label.
        for row in 0...Calibration.minimumSamples {
            #expect(classifier.calibration(of: .plain) == nil, "after \(row) rows")
            try classifier.learn(features: [Double(row % 7), 1], labels: [row % 2 == 0 ? "two" : "one"])
        }
        let calibration = try #require(classifier.calibration(of: .plain))
        #expect(calibration.samples == Calibration.minimumSamples && calibration.expectedCalibrationError == nil)
    }

    @Test func aChange_countsByTheRowsThatCameOrWent() throws {
        let classifier = try classifier(rows: 900)
        let (samples, before) = (classifier.samples, try #require(classifier.calibration(of: .plain)))
        let range = stream.requests[3]
        try classifier.unlearn(features: stream.digits.rows(stream.order[range]), labels: stream.labels(range))
        let after = try #require(classifier.calibration(of: .plain))
        #expect(after.samples == Int(Double(before.samples) * Double(samples - range.count) / Double(samples)))
        // Less evidence for the same optimum: the smoothing alone moves it.
        #expect(abs(after.temperature / before.temperature - 1) < 1e-3)
        #expect(abs(after.expectedCalibrationError! - before.expectedCalibrationError!) < 1e-12)

        let other = try stream.digits.classifier()
        for range in stream.requests where range.lowerBound >= 900 { try stream.learn(range, other) }
        let share = Double(classifier.samples) / Double(classifier.samples + other.samples)
        try classifier.merge(other)
        #expect(classifier.calibration(of: .plain)!.samples == Int(Double(after.samples) * share))

        let (rows, count) = (classifier.samples, classifier.calibration(of: .plain)!.samples)
        let deleted = try classifier.deleteClass("3")
        #expect(classifier.calibration(of: .plain)!.samples == Int(Double(count) * Double(rows - deleted) / Double(rows)))

        try classifier.renameClass("4", to: "four")
        #expect(classifier.calibration(of: .plain) != nil)
        try classifier.setRidge(10)
        #expect(classifier.calibration(of: .plain) == nil && classifier.calibrationState(of: .plain) == nil)
    }

    @Test func balancedWeights_haveTheirOwn() throws {
        let configuration = ModelConfiguration(
            dimension: Digits.dimension, featureMap: .randomRelu(width: 128, seed: 3), ridge: 0.1,
            imbalance: .pseudoFeatures(noise: 1, cap: 16, seed: 1))
        let classifier = try Classifier(configuration)
        for range in stream.requests where range.upperBound <= 1000 {
            try stream.learn(range, classifier)
            if range.lowerBound < 700, range.lowerBound % 50 < 20 { try classifier.rebalance() }
        }
        let (plain, balanced) = (try #require(classifier.calibration(of: .plain)), try #require(classifier.calibration(of: .balanced)))
        #expect(plain.temperature != balanced.temperature)
        #expect(balanced.expectedCalibrationError! < 0.05 && balanced.expectedCalibrationErrorOfRawScores! > 0.05)
        let restored = try SavedParts(classifier).restored()
        #expect(restored.calibration(of: .balanced) == balanced)
        // One large request is scored by both models.
        try stream.learn(1000..<1200, restored)
        #expect(restored.calibration(of: .balanced)!.samples == balanced.samples + 200)
        try restored.setImbalance(.pseudoFeatures(noise: 0.5, cap: 16, seed: 1))
        #expect(restored.calibration(of: .balanced) == nil && restored.calibration(of: .plain) != nil)
    }

    @Test func manyClasses_areSampled() throws {
        var generator = SplitMix64(state: 5)
        let (classes, calibrator) = (600, Calibrator())
        for row in 0..<3000 {
            // A stream with a period that a regular sample would fall in with.
            let label = row % 5
            let scores = (0..<classes).map { ($0 == label ? 0.8 : 0) + 0.3 * generator.normal() }
            scores.withUnsafeBufferPointer { calibrator.record($0, label: label) }
        }
        #expect(calibrator.offered == 3000 && (500...700).contains(calibrator.samples))
        let none = [Double.nan, 0, 1]
        none.withUnsafeBufferPointer { calibrator.record($0, label: 1) }
        [1e300, -1e300, 0].withUnsafeBufferPointer { calibrator.record($0, label: 1) }
        let calibration = try #require(calibrator.calibration)
        #expect(calibration.temperature.isFinite && calibration.expectedCalibrationError!.isFinite)
    }
}
