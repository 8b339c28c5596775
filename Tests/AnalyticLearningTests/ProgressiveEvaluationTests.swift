import Testing

@testable import AnalyticLearning

@Suite struct ProgressiveEvaluationTests {
    /// Recomputed from a list of all rows.
    private struct Plain {
        var rows: [(actual: Int, predicted: Int)] = []

        func accuracy(of column: Int? = nil, last: Int = .max) -> Double? {
            let some = rows.suffix(last).filter { column == nil || $0.actual == column }
            return some.isEmpty ? nil : Double(some.filter { $0.actual == $0.predicted }.count) / Double(some.count)
        }
    }

    @Test func measures_equalThoseOfAPlainCount() {
        var generator = SplitMix64(state: 1)
        var evaluation = ProgressiveEvaluation(window: 50)
        var plain = Plain()
        var copies: [(ProgressiveEvaluation, ProgressiveEvaluation.Counters)] = []
        for request in 0..<60 {
            let known = min(request, 12)
            let rows = (0..<Int.random(in: 1...9, using: &generator)).map { _ -> (actual: Int, predicted: Int) in
                let predicted = known > 0 ? Int.random(in: 0..<known, using: &generator) : -1
                return (actual: Int.random(in: 0...known, using: &generator), predicted: predicted)
            }
            evaluation.record(predictions: rows.map(\.predicted)[...], columns: rows.map(\.actual)[...], knownClasses: known)
            if known > 0 { plain.rows += rows }
            copies.append((evaluation, evaluation.counters))
            #expect(evaluation.overall.accuracy == plain.accuracy())
            #expect(evaluation.recent.accuracy == plain.accuracy(last: 50))
            for column in 0...12 {
                #expect(evaluation.overall.accuracy(of: column) == plain.accuracy(of: column))
                #expect(evaluation.recent.accuracy(of: column) == plain.accuracy(of: column, last: 50))
            }
        }
        #expect(evaluation.evaluatedSamples == plain.rows.count)
        var total = 0
        evaluation.forEachConfusion { actual, predicted, count in
            #expect(count == plain.rows.filter { $0.actual == actual && $0.predicted == predicted }.count)
            #expect(count == evaluation.confusion(actual: actual, predicted: predicted))
            total += count
        }
        #expect(total == plain.rows.count)
        let recalls = (0...12).compactMap { plain.accuracy(of: $0) }
        #expect(abs(evaluation.overall.balancedAccuracy! - recalls.reduce(0, +) / Double(recalls.count)) < 1e-15)
        for (copy, counters) in copies { #expect(copy.counters == counters, "a copy stays as it was") }
    }

    @Test func countersRoundTrip_andContradictionsAreRefused() throws {
        var generator = SplitMix64(state: 2)
        var evaluation = ProgressiveEvaluation(window: 7)
        for _ in 0..<30 {
            let columns = (0..<3).map { _ in Int.random(in: 0..<5, using: &generator) }
            let predictions = columns.map { _ in Int.random(in: 0..<5, using: &generator) }
            evaluation.record(predictions: predictions[...], columns: columns[...], knownClasses: 5)
        }
        var restored = try ProgressiveEvaluation(evaluation.counters)
        #expect(restored.counters == evaluation.counters && restored.recent == evaluation.recent)
        for _ in 0..<10 {
            restored.record(predictions: [1, 2], columns: [3, 2], knownClasses: 5)
            evaluation.record(predictions: [1, 2], columns: [3, 2], knownClasses: 5)
            #expect(restored.counters == evaluation.counters)
        }
        let changes: [(inout ProgressiveEvaluation.Counters) -> Void] = [
            { $0.windowCapacity = 0 }, { $0.windowCapacity = 1 << 40 }, { $0.correctSamples = $0.evaluatedSamples + 1 },
            { $0.correctSamples = -1 }, { $0.classCorrect.removeLast() }, { $0.classEvaluated[2] = .max },
            { $0.classCorrect[1] = -1 }, { $0.confusions.removeLast() }, { $0.confusions[0] = 5 }, { $0.confusions[1] = $0.confusions[0] },
            { $0.confusions[2] = .max }, { $0.confusions[1] = -1 }, { $0.window.removeLast() }, { $0.window += [0, 0] },
            { $0.window[0] = 5 }, { $0.window[1] = 1 << 40 },
        ]
        for (index, change) in changes.enumerated() {
            var counters = evaluation.counters
            change(&counters)
            #expect(throws: RestoreError.self, "change \(index)") { try ProgressiveEvaluation(counters) }
        }
    }

    @Test func aDeletedClass_takesItsCountsAlong_butNotTheHistory() {
        var evaluation = ProgressiveEvaluation()
        evaluation.record(predictions: [0, 1, 2, 1, 1, 2, 0], columns: [0, 1, 2, 2, 0, 1, 2], knownClasses: 3)
        let (overall, recent) = (evaluation.overall.accuracy, evaluation.recent.accuracy)
        evaluation.removeClass(1)
        #expect(evaluation.overall.accuracy == overall && evaluation.recent.accuracy == recent)
        #expect(evaluation.overall.classEvaluated == [2, 3] && evaluation.overall.classCorrect == [1, 1])
        #expect(evaluation.recent.classEvaluated == [2, 3] && evaluation.recent.classCorrect == [1, 1])
        #expect(evaluation.confusion(actual: 1, predicted: 0) == 1 && evaluation.confusion(actual: 0, predicted: 1) == 0)
        #expect(evaluation.unnamedConfusions(of: 0) == 1 && evaluation.unnamedConfusions(of: 1) == 1)
        evaluation.removeClass(0)
        evaluation.removeClass(0)
        #expect(evaluation.recent.accuracy == recent && evaluation.overall.balancedAccuracy == nil)
        #expect(try! ProgressiveEvaluation(evaluation.counters) == evaluation)
    }

    @Test func confusions_areBounded() {
        var evaluation = ProgressiveEvaluation()
        let classes = 300
        for actual in 0..<classes {
            let predictions = Array(0..<classes)
            let columns = Array(repeating: actual, count: classes)
            evaluation.record(predictions: predictions[...], columns: columns[...], knownClasses: classes)
        }
        var pairs = 0
        evaluation.forEachConfusion { actual, predicted, _ in pairs += actual == predicted ? 0 : 1 }
        #expect(pairs == ProgressiveEvaluation.largestConfusionCount)
        #expect(evaluation.evaluatedSamples == 90_000 && evaluation.overall.accuracy == 1 / 300)
        #expect((0..<classes).reduce(pairs) { $0 + evaluation.unnamedConfusions(of: $1) } == 90_000 - 300)
    }

    @Test func aClassifier_evaluatesBeforeItLearns() throws {
        let stream = try LongTail()
        let classifier = try stream.classifier(batches: [])
        var correct = 0.0
        var rows = 0
        for start in stride(from: 0, to: 399, by: 21) {
            let labels = stream.order[start..<(start + 21)].map { "\(stream.digits.labels[$0])" }
            let accuracy = try classifier.learn(features: stream.digits.rows(stream.order[start..<(start + 21)]), labels: labels)
            guard let accuracy else { continue }
            correct += (accuracy * 21).rounded()
            rows += 21
        }
        let evaluation = try #require(classifier.publish()).evaluation
        #expect(evaluation.evaluatedSamples == rows && evaluation.correctSamples == Int(correct) && rows == 378)
        #expect(evaluation.overall.classEvaluated.reduce(0, +) == rows)
        #expect(try SavedParts(classifier).restored().evaluation == evaluation)
    }
}
