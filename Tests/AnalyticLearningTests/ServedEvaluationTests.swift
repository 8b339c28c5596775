import Foundation
import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// What is measured is what is served: the evaluation, and the race of all weights and balances, against predictions of the states that
/// were published before each request.
@Suite struct ServedEvaluationTests {
    /// Requests of uneven size, with classes of uneven size that appear one after another.
    private struct Stream {
        let classes: Int
        let dimension: Int
        var generator: SplitMix64

        init(classes: Int = 6, dimension: Int = 8, seed: UInt64) {
            self.classes = classes
            self.dimension = dimension
            generator = SplitMix64(state: seed)
        }

        /// Rows that Float32 holds, so that published weights see the same.
        mutating func request(_ rows: Int, known: Int) -> (features: [Double], labels: [String]) {
            var (features, labels): ([Double], [String]) = ([], [])
            for _ in 0..<rows {
                // Classes have 1, 1/2, 1/4 … of the rows.
                var label = 0
                while label < known - 1, Bool.random(using: &generator) { label += 1 }
                labels.append("c\(label)")
                features += (0..<dimension).map { Double(Float(($0 % classes == label ? 1.2 : 0) + generator.normal())) }
            }
            return (features, labels)
        }
    }

    /// The figures of a race, counted from published states.
    private struct Expected {
        var samples = 0
        var correct = [Double](repeating: 0, count: 5)
        var classes: [String: (rows: Double, correct: [Double])] = [:]
        var known = 0.0
        var loss = [Double](repeating: 0, count: 5)
        var bins = [Double](repeating: 0, count: 5 * 15 * 3)

        mutating func add(_ published: PublishedWeights, _ kind: WeightsKind, _ features: [Double], _ labels: [String]) {
            guard let scorer = published.scorer(kind), let calibration = scorer.calibration else { return }
            let dimension = features.count / labels.count
            for (row, label) in labels.enumerated() {
                let scores = scorer.scoreInDouble(Array(features[(row * dimension)..<((row + 1) * dimension)]))
                samples += 1
                classes[label, default: (0, [0, 0, 0, 0, 0])].rows += 1
                let column = published.labels.prefix(scores.count).firstIndex { $0.text == label }
                if column != nil { known += 1 }
                for (place, balance) in BalanceCurve.balances.enumerated() {
                    let offsets = published.adjustment(.balance(balance), of: kind)?.offsets ?? [Double](repeating: 0, count: scores.count)
                    let adjusted = zip(scores, offsets).map { $0 + $1 }
                    let softmax = calibration.softmax(adjusted)
                    let best = adjusted.indices.max { adjusted[$0] < adjusted[$1] }!
                    let confidence = softmax.probability(score: adjusted[best])
                    let bin = 3 * (place * 15 + min(14, Int(confidence * 15)))
                    bins[bin] += 1
                    bins[bin + 1] += confidence
                    if best == column {
                        correct[place] += 1
                        classes[label]!.correct[place] += 1
                        bins[bin + 2] += 1
                    }
                    if let column { loss[place] -= log(softmax.probability(score: adjusted[column])) }
                }
            }
        }

        func expectSame(_ curve: BalanceCurve, _ comment: String) {
            #expect(curve.samples == samples, "\(comment)")
            guard samples > 0 else { return }
            for (place, point) in curve.points.enumerated() {
                #expect(point.balance == BalanceCurve.balances[place])
                // Float32 may decide a near tie otherwise.
                #expect(abs(point.accuracy! * Double(samples) - correct[place]) < 1.5, "\(comment) \(place)")
                let balanced = classes.values.reduce(0) { $0 + $1.correct[place] / $1.rows } / Double(classes.count)
                #expect(abs(point.balancedAccuracy! - balanced) < 0.05, "\(comment) \(place): \(point.balancedAccuracy!) \(balanced)")
                #expect(abs(point.logLoss! - loss[place] / known) < 1e-3 * (1 + loss[place] / known), "\(comment) \(place)")
                let gap = (0..<15).reduce(0) { $0 + abs(bins[3 * (place * 15 + $1) + 1] - bins[3 * (place * 15 + $1) + 2]) }
                #expect(abs(point.expectedCalibrationError! - gap / Double(samples)) < 5e-3, "\(comment) \(place)")
            }
        }
    }

    private static let sizes = [30, 1, 1, 40, 7, 100, 2, 60, 90, 1, 1, 1, 33, 120, 5, 80, 64, 1, 200, 3]

    @Test(arguments: [0, 0.5, 1], [Imbalance.none, .reweight(power: 0.5), .pseudoFeatures(noise: 1, cap: 4, seed: 1)])
    func evaluationAndRace_countWhatIsServed(balance: Double, imbalance: Imbalance) throws {
        var stream = Stream(seed: UInt64(balance * 8) + 1)
        let classifier = try Classifier(ModelConfiguration(dimension: 8, imbalance: imbalance, balance: balance))
        let together = try Classifier(ModelConfiguration(dimension: 8, imbalance: imbalance, balance: balance))
        var (plain, balanced) = (Expected(), Expected())
        var (rows, served, confusions) = (0, 0, [String: Int]())
        var waiting: (features: [Double], labels: [String], spans: [RequestSpan]) = ([], [], [])
        for (number, size) in Self.sizes.enumerated() {
            let (features, labels) = stream.request(size, known: min(6, 2 + number / 3))
            if let published = classifier.publish(), published.classCount > 0 {
                let predictions = published.predict(features.map(Float.init))
                rows += size
                served += zip(predictions, labels).count { $0.label.text == $1 }
                for (prediction, label) in zip(predictions, labels) { confusions[label + " " + prediction.label.text, default: 0] += 1 }
                let areBoth = published.calibration(of: .plain) != nil && published.calibration(of: .balanced) != nil
                if areBoth, balanced.samples == 0 { plain = Expected() }
                if areBoth || balanced.samples == 0 { plain.add(published, .plain, features, labels) }
                if areBoth { balanced.add(published, .balanced, features, labels) }
            }
            let known = classifier.registry.count
            let columns = classifier.intern(labels)
            let outcome = try features.withUnsafeBufferPointer {
                try classifier.learn(features: $0, columns: columns, spans: [RequestSpan(rows: size, knownClasses: known)])
            }
            if classifier.balanced == nil, balance == 0 { #expect(outcome.served == outcome.predictions) }
            #expect(classifier.evaluation.evaluatedSamples == rows)
            #expect(abs(classifier.evaluation.correctSamples - served) <= 1, "\(number)")
            // The same requests, several in a block.
            let knownTogether = together.registry.count
            _ = together.intern(labels)
            waiting.features += features
            waiting.labels += labels
            waiting.spans.append(RequestSpan(rows: size, knownClasses: knownTogether))
            if number % 4 == 3 {
                let columns = together.intern(waiting.labels)
                try waiting.features.withUnsafeBufferPointer {
                    _ = try together.learn(features: $0, columns: columns, spans: waiting.spans)
                }
                waiting = ([], [], [])
                if number % 8 == 7 {
                    try classifier.rebalance()
                    try together.rebalance()
                }
            }
        }
        plain.expectSame(classifier.curve(of: .plain), "plain")
        balanced.expectSame(classifier.curve(of: .balanced), "balanced")
        #expect((classifier.curve(of: .balanced).samples > 0) == (imbalance != .none))
        if imbalance != .none { #expect(classifier.curve(of: .plain).samples == classifier.curve(of: .balanced).samples) }
        var differences = 0
        classifier.evaluation.forEachConfusion { actual, predicted, count in
            differences += abs(
                count - confusions["\(classifier.registry.labels[actual]) \(classifier.registry.labels[predicted])", default: 0])
        }
        #expect(differences <= 2)
        // However requests are grouped.
        let (one, other) = (classifier.evaluation, together.evaluation)
        #expect(one.evaluatedSamples == other.evaluatedSamples && abs(one.correctSamples - other.correctSamples) <= 2)
        if imbalance == .none {
            for (one, other) in zip(classifier.curve(of: .plain).points, together.curve(of: .plain).points) {
                #expect(abs(one.logLoss! - other.logLoss!) < 1e-6 && abs(one.accuracy! - other.accuracy!) < 3e-3)
            }
        }
    }

    @Test func withoutBalance_everythingIsThePlainWeights() throws {
        var stream = Stream(seed: 9)
        let classifier = try Classifier(ModelConfiguration(dimension: 8))
        var plain = ProgressiveEvaluation()
        for size in Self.sizes {
            let (features, labels) = stream.request(size, known: 6)
            let known = classifier.registry.count
            let columns = classifier.intern(labels)
            let outcome = try features.withUnsafeBufferPointer {
                try classifier.learn(features: $0, columns: columns, spans: [RequestSpan(rows: size, knownClasses: known)])
            }
            #expect(outcome.served == outcome.predictions)
            plain.record(predictions: outcome.predictions[...], columns: columns[...], knownClasses: known)
        }
        #expect(classifier.evaluation == plain)
    }

    /// A row in three counts of a model with 300 classes, the same for all weights.
    @Test func manyClasses_areSampled() throws {
        var generator = SplitMix64(state: 3)
        let classifier = try Classifier(ModelConfiguration(dimension: 20, imbalance: .pseudoFeatures(noise: 1, cap: 1, seed: 0)))
        var counted = 0
        for block in 0..<80 {
            let labels = (0..<60).map { _ in "c\(Int.random(in: 0..<300, using: &generator))" }
            let features = labels.flatMap { label in
                (0..<20).map { (Int(label.dropFirst())! >> ($0 % 9) & 1 == 1 ? 1.0 : 0) + generator.normal() }
            }
            if classifier.calibration(of: .balanced) != nil, classifier.calibration(of: .plain) != nil { counted += 60 }
            try classifier.learn(features: features, labels: labels)
            if block == 20 { try classifier.rebalance() }
        }
        let (plain, balanced) = (classifier.curve(of: .plain), classifier.curve(of: .balanced))
        #expect(plain.samples == balanced.samples && counted > 600)
        #expect((0.25...0.42).contains(Double(plain.samples) / Double(counted)), "\(plain.samples) of \(counted)")
    }

    @Test func whatRestartsTheCalibration_restartsTheRace() throws {
        var stream = Stream(seed: 4)
        let classifier = try Classifier(ModelConfiguration(dimension: 8, imbalance: .pseudoFeatures(noise: 1, cap: 4, seed: 1)))
        func learn(_ count: Int) throws {
            for _ in 0..<count {
                let (features, labels) = stream.request(20, known: 6)
                try classifier.learn(features: features, labels: labels)
            }
        }
        try learn(20)
        try classifier.rebalance()
        try learn(20)
        let (plain, balanced) = (classifier.curve(of: .plain), classifier.curve(of: .balanced))
        #expect(plain.samples == balanced.samples && balanced.samples > 0)
        try classifier.setBalance(0.5)
        #expect(classifier.curve(of: .plain) == plain && classifier.curve(of: .balanced) == balanced)
        // A deleted class leaves the mean over the classes; the others keep their figures.
        let state = classifier.curve(of: .plain).saved
        try classifier.deleteClass("c0")
        let rest = try #require(classifier.curve(of: .plain).saved)
        #expect(rest.summary == state?.summary && rest.classes == Array(state!.classes.dropFirst(6)))
        try classifier.setImbalance(.none)
        #expect(classifier.curve(of: .balanced).samples == 0 && classifier.curve(of: .plain).samples == plain.samples)
        try learn(2)
        #expect(classifier.curve(of: .plain).samples == plain.samples + 40)
        try classifier.setRidge(3)
        #expect(classifier.curve(of: .plain) == BalanceCurve())
    }

    // MARK: History and saving

    @Test func history_staysBounded_andContinuesAfterSaving() throws {
        func point(_ value: Double?) -> [BalanceCurve.Point] {
            BalanceCurve.balances.map {
                BalanceCurve.Point(
                    balance: $0, accuracy: value, balancedAccuracy: value, logLoss: value.map { $0 * 10 }, expectedCalibrationError: value)
            }
        }
        var history = BalanceHistory()
        var saved: BalanceHistory?
        for samples in 1...5000 {
            guard history.isDue(after: samples) else { continue }
            history.append(samples: samples, point(samples % 7 == 0 ? nil : Double(samples) / 5000))
            #expect(history.count <= BalanceHistory.capacity)
            if samples > 700, saved == nil { saved = try BalanceHistory(saved: history.saved, samples: samples, part: "x") }
            if saved != nil, saved != history { saved?.append(samples: samples, point(samples % 7 == 0 ? nil : Double(samples) / 5000)) }
            #expect(saved == nil || saved?.saved == history.saved)
        }
        #expect(history.count > BalanceHistory.capacity / 2 && history[0].samples == 1)
        let samples = (0..<history.count).map { history[$0].samples }
        #expect(zip(samples, samples.dropFirst()).allSatisfy { $0 < $1 } && samples.last! > 4900)
    }

    @Test func certainRows_haveNoNegativeLoss_andAreSaved() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 3))
        for block in 0..<60 {
            // Of different sizes, so that shares and temperature differ a little from block to block.
            let count = 20 + block % 7
            let features = (0..<count).flatMap { row in (0..<3).map { $0 == row % 3 ? 1.0 : 0 } }
            try classifier.learn(features: features, labels: (0..<count).map { "\($0 % 3)" })
        }
        let curve = classifier.curve(of: .plain)
        #expect(curve.samples > 500 && curve.points.allSatisfy { ($0.logLoss ?? -1) >= 0 })
        #expect(try BalanceCurve(curve.saved, part: "race", classes: 3) == curve)
    }

    @Test func savedCurve_isTheSame_andContradictionsAreNamed() throws {
        var stream = Stream(seed: 6)
        let classifier = try Classifier(ModelConfiguration(dimension: 8))
        for _ in 0..<30 {
            let (features, labels) = stream.request(20, known: 6)
            try classifier.learn(features: features, labels: labels)
        }
        let curve = classifier.curve(of: .plain)
        let saved = try #require(curve.saved)
        let restored = try BalanceCurve(saved, part: "x", classes: 6)
        #expect(restored.saved == saved && restored.points == curve.points && curve.samples > 300)
        #expect(BalanceCurve().saved == nil)
        func expectRefusal(_ part: String, _ change: (inout BalanceCurve.Saved) -> Void) {
            var wrong = saved
            change(&wrong)
            let error = #expect(throws: RestoreError.self) { try BalanceCurve(wrong, part: "x", classes: 6) }
            #expect("\(error!)".contains("x." + part), "\(part): \(error!)")
        }
        for value in [-1, 0.5, .nan, .infinity, 1e300] {
            for index in [0, 1, 2] { expectRefusal("summary") { $0.summary[index] = value } }
            expectRefusal("class") { $0.classes[0] = value }
            if value != 0.5 { expectRefusal("reliability") { $0.reliability[0] = value } }
            expectRefusal("history") { $0.history[0] = value }
            if value != 0.5, value != -1 { expectRefusal("history") { $0.history[1] = value } }
        }
        expectRefusal("summary") { $0.summary.append(0) }
        expectRefusal("summary") { $0.summary[7] = .nan }
        expectRefusal("class") { $0.classes.removeLast() }
        expectRefusal("class") { $0.classes += [0, 0, 0, 0, 0, 0] }
        expectRefusal("class") { $0.classes[5] = 1e6 }
        expectRefusal("reliability") { $0.reliability.removeLast() }
        expectRefusal("reliability") { $0.reliability[1] = 1e6 }
        expectRefusal("history") { $0.history.append(0) }
    }
}
