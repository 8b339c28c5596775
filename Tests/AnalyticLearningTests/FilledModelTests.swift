import Testing

@testable import AnalyticLearning

/// Models that are filled by one large request, by the replay of a log, or by a merge have figures and a temperature too.
@Suite struct FilledModelTests {
    fileprivate struct Rows {
        var features: [Double]
        var columns: [Int]
        var known: Int

        subscript(range: Range<Int>) -> Rows {
            let dimension = features.count / columns.count
            let known = columns[..<range.lowerBound].reduce(known) { max($0, $1 + 1) }
            return Rows(
                features: Array(features[(range.lowerBound * dimension)..<(range.upperBound * dimension)]),
                columns: Array(columns[range]), known: known)
        }

        var span: RequestSpan { RequestSpan(rows: columns.count, knownClasses: known) }
    }

    /// All digits in random order. Classes have columns in the order in which they appear.
    private func digits(seed: UInt64) throws -> (stream: DigitStream, rows: Rows, labels: [String]) {
        let stream = try DigitStream(seed: seed)
        var labels: [String] = []
        let columns = stream.labels(0..<stream.order.count).map { label in
            labels.firstIndex(of: label)
                ?? {
                    labels.append(label)
                    return labels.count - 1
                }()
        }
        return (stream, Rows(features: stream.digits.rows(stream.order), columns: columns, known: 0), labels)
    }

    private func model(_ labels: [String], width: Int? = nil, _ change: (inout ModelConfiguration) -> Void = { _ in }) throws -> Classifier
    {
        var configuration = ModelConfiguration(dimension: Digits.dimension)
        if let width { configuration.featureMap = .randomRelu(width: width, seed: 1) }
        change(&configuration)
        let classifier = try Classifier(configuration)
        _ = classifier.intern(labels)
        return classifier
    }

    @discardableResult
    private func learn(_ rows: Rows, _ classifier: Classifier, isForLater: Bool = false) throws -> LearnOutcome {
        try rows.features.withUnsafeBufferPointer {
            try classifier.learn(features: $0, columns: rows.columns, spans: [rows.span], isForLater: isForLater)
        }
    }

    private func replay(_ requests: [Rows], _ classifier: Classifier, announced: Int, together: Int = 1) throws {
        classifier.beginReplay(rows: announced)
        for first in stride(from: 0, to: requests.count, by: together) {
            let piece = requests[first..<min(first + together, requests.count)]
            try piece.flatMap(\.features).withUnsafeBufferPointer {
                try classifier.replay(features: $0, columns: piece.flatMap(\.columns), spans: piece.map(\.span))
            }
        }
        classifier.finishReplay(version: classifier.version + requests.count)
    }

    private func expectSameFigures(_ one: Classifier, _ other: Classifier, _ comment: String) throws {
        #expect(one.evaluation == other.evaluation, "\(comment)")
        let (a, b) = (try #require(one.calibrationState(of: .plain)), try #require(other.calibrationState(of: .plain)))
        #expect(relativeDifference(a.summary, b.summary) < 1e-6, "\(comment)")
        #expect(relativeDifference(a.likelihood, b.likelihood) < 1e-6, "\(comment)")
        #expect(one.curve(of: .plain).samples == other.curve(of: .plain).samples, "\(comment)")
        for (one, other) in zip(one.curve(of: .plain).points, other.curve(of: .plain).points) {
            #expect(one.accuracy == other.accuracy, "\(comment)")
        }
        let novelties = [one, other].map { classifier in classifier.noveltyState.map { NoveltyQuantiles($0).rows } }
        #expect(novelties[0] == novelties[1], "\(comment)")
    }

    // MARK: One request

    /// The weights of joint regressions over the first 200, 400, 800 and 1,600 rows predict those that follow.
    @Test func oneRequest_isEvaluatedByJointSolutionsAtDoublings() throws {
        let (_, rows, labels) = try digits(seed: 5)
        let classifier = try model(labels)
        let outcome = try learn(rows, classifier)
        let (dimension, classes) = (Digits.dimension, labels.count)
        let h = rows.columns.indices.map { Array(rows.features[($0 * dimension)..<(($0 + 1) * dimension)]) }
        var (correct, byClass) = (0, [Int](repeating: 0, count: classes))
        for (start, end) in [(200, 400), (400, 800), (800, 1600), (1600, rows.columns.count)] {
            let weights = jointSolution(Array(h[..<start]), Array(rows.columns[..<start]), classes: classes, ridge: 0.1)
            for row in start..<end {
                let scores = (0..<classes).map { column in (0..<dimension).reduce(0) { $0 + h[row][$1] * weights[$1 * classes + column] } }
                guard scores.indices.max(by: { scores[$0] < scores[$1] }) == rows.columns[row] else { continue }
                correct += 1
                byClass[rows.columns[row]] += 1
            }
        }
        #expect(classifier.evaluation.evaluatedSamples == rows.columns.count - 200)
        #expect(classifier.evaluation.correctSamples == correct && classifier.evaluation.counters.classCorrect == byClass)
        #expect(Double(correct) > 0.8 * Double(rows.columns.count - 200))
        let calibration = try #require(classifier.calibration(of: .plain))
        #expect(calibration.samples == rows.columns.count - 200)
        #expect(calibration.expectedCalibrationError! < calibration.expectedCalibrationErrorOfRawScores!)
        // The temperature is there for the part after the first that is scored.
        #expect(classifier.curve(of: .plain).samples == rows.columns.count - 400)
        #expect(try #require(classifier.noveltyState).values[0] == Double(rows.columns.count - 200))
        // Before the request nothing was known.
        #expect(outcome.predictions == [Int](repeating: -1, count: rows.columns.count) && outcome.served == outcome.predictions)
        #expect(relativeDifference(classifier.weights(for: labels), jointSolution(h, rows.columns, classes: classes, ridge: 0.1)) < 1e-9)
    }

    /// In every way of learning it, a divided request has the figures of its parts as requests.
    @Test(arguments: [(nil, 1797, CostModel.Path.bulk), (256, 1797, .bulk), (1024, 430, .blocks)])
    func oneRequest_hasTheFiguresOfItsParts(width: Int?, count: Int, path: CostModel.Path) throws {
        let (_, all, labels) = try digits(seed: 6)
        let rows = all[0..<count]
        let (whole, parts) = (try model(labels, width: width), try model(labels, width: width))
        #expect(whole.core.path(rows: count, classes: labels.count, isDivided: true) == path)
        try learn(rows, whole)
        var start = 0
        for end in [200, 400, 800, 1600, count] where end <= count && start < end {
            try learn(rows[start..<end], parts)
            start = end
        }
        try expectSameFigures(whole, parts, "\(count)")
        #expect(whole.evaluation.evaluatedSamples == count - 200)
        #expect(relativeDifference(whole.weights(for: labels), parts.weights(for: labels)) < 1e-9)
        #expect(whole.health.solves <= 1)
    }

    /// The answer is still that of the weights, temperature and class shares before the request; the figures are not.
    @Test(arguments: [0, 1.0], [20, 520]) func answersAreThoseBeforeTheRequest(balance: Double, first: Int) throws {
        let (_, rows, labels) = try digits(seed: 7)
        func began() throws -> Classifier {
            let classifier = try model(labels) { $0.balance = balance }
            for start in stride(from: 0, to: first, by: 10) { try learn(rows[start..<(start + 10)], classifier) }
            return classifier
        }
        let classifier = try began()
        #expect((classifier.calibration(of: .plain) != nil) == (first > 200))
        let end = first == 20 ? 900 : 1700
        let outcome = try learn(rows[first..<end], classifier)
        var (predictions, served): ([Int], [Int]) = ([], [])
        for start in stride(from: first, to: end, by: 16) {
            let expected = try learn(rows[start..<min(start + 16, end)].knowing(rows[0..<first]), began())
            predictions += expected.predictions
            served += expected.served
        }
        #expect(outcome.predictions == predictions)
        #expect(outcome.served == served)
        #expect((outcome.served == outcome.predictions) == (balance == 0 || first == 20))
        // The figures are of parts.
        let parts = try began()
        for part in first == 20 ? [20..<220, 220..<440, 440..<880, 880..<900] : [520..<1040, 1040..<1700] { try learn(rows[part], parts) }
        try expectSameFigures(classifier, parts, "\(first)")
    }

    /// A request that is not larger than what the model had is scored by the weights before it.
    @Test func requestIntoALargerModel_isNotDivided() throws {
        let (_, rows, labels) = try digits(seed: 8)
        let classifier = try model(labels)
        try learn(rows[0..<900], classifier)
        let (before, solves) = (classifier.evaluation, classifier.health.solves)
        let weights = classifier.weights(for: labels)
        let outcome = try learn(rows[900..<1797], classifier)
        let correct = (900..<1797).count { row in
            let scores = (0..<labels.count).map { column in
                (0..<Digits.dimension).reduce(0) { $0 + rows.features[row * Digits.dimension + $1] * weights[$1 * labels.count + column] }
            }
            return scores.indices.max { scores[$0] < scores[$1] } == rows.columns[row]
        }
        #expect(classifier.evaluation.correctSamples - before.correctSamples == correct)
        #expect(zip(outcome.predictions, rows.columns[900...]).count(where: ==) == correct)
        #expect(classifier.health.solves == solves + 1)
        let spans = [rows[900..<1797].span]
        #expect(classifier.core.divided(spans, columns: Array(rows.columns[900...]), pace: .requests) == spans)
    }

    @Test func oneRequestOfALoad_isDividedToo() throws {
        let (_, rows, labels) = try digits(seed: 9)
        let (loaded, learned) = (try model(labels), try model(labels))
        try learn(rows, loaded, isForLater: true)
        loaded.catchUp()
        try learn(rows, learned)
        try expectSameFigures(loaded, learned, "a load")
    }

    // MARK: A log

    @Test func recoveredModel_hasTheFiguresOfItsLargeRequests() throws {
        let (_, rows, labels) = try digits(seed: 10)
        for bounds in [[0, 1797], [0, 700, 1797], [0, 1000, 1797], [0, 300, 900, 1797]] {
            let requests = zip(bounds, bounds.dropFirst()).map { rows[$0..<$1] }
            let live = try model(labels)
            for request in requests { try learn(request, live) }
            for together in [1, requests.count] {
                let recovered = try model(labels)
                try replay(requests, recovered, announced: 1797, together: together)
                try expectSameFigures(recovered, live, "\(bounds)")
                #expect(relativeDifference(recovered.weights(for: labels), live.weights(for: labels)) < 1e-9)
            }
        }
    }

    @Test func fewRecoveredRows_areScoredAsTheyWere() throws {
        let (_, rows, labels) = try digits(seed: 11)
        let (live, recovered) = (try model(labels, width: 256), try model(labels, width: 256))
        for classifier in [live, recovered] {
            for start in stride(from: 0, to: 600, by: 20) { try learn(rows[start..<(start + 20)], classifier) }
        }
        let requests = stride(from: 600, to: 640, by: 5).map { rows[$0..<($0 + 5)] }
        for request in requests { try learn(request, live) }
        try replay(requests, recovered, announced: 40, together: 3)
        try expectSameFigures(recovered, live, "few rows")
        #expect(recovered.health.solves == 0)
    }

    /// Many small requests are added for one solution at the end; weights with half of the rows before a row score it.
    @Test func manyRecoveredRows_areAllCounted() throws {
        let (stream, rows, labels) = try digits(seed: 12)
        let requests = stream.requests.map { rows[$0] }
        let (live, recovered) = (try model(labels), try model(labels))
        for request in requests { try learn(request, live) }
        try replay(requests, recovered, announced: rows.columns.count, together: 7)
        #expect(recovered.health.solves == 1)
        #expect(live.evaluation.evaluatedSamples == rows.columns.count - requests[0].columns.count)
        #expect(recovered.evaluation.evaluatedSamples == live.evaluation.evaluatedSamples)
        #expect((0.7..<live.evaluation.overall.accuracy!).contains(recovered.evaluation.overall.accuracy!))
        #expect(recovered.calibration(of: .plain) != nil)
    }

    // MARK: A merge

    /// Merges another classifier with its race.
    private func merge(_ other: Classifier, into classifier: Classifier) throws {
        try SavedParts(other).withState { state in
            var state = state
            state.curve = other.curve(of: .plain).saved
            try classifier.merge(state)
        }
    }

    @Test func mergedModel_takesOverFiguresIfItHasNone() throws {
        let (_, rows, labels) = try digits(seed: 13)
        let other = try model(labels)
        try learn(rows[200..<1797].knowing(rows[0..<0]), other)
        let empty = try model([])
        try merge(other, into: empty)
        #expect(empty.evaluation.counters == other.evaluation.counters && empty.curve(of: .plain) == other.curve(of: .plain))
        #expect(empty.calibrationState(of: .plain) == other.calibrationState(of: .plain) && empty.noveltyState == other.noveltyState)
        // Rows without figures, and classes in another order.
        let some = try model(labels.reversed())
        var own = rows[0..<150].knowing(rows[0..<0])
        own.columns = own.columns.map { labels.count - 1 - $0 }
        try learn(own, some)
        #expect(some.evaluation.evaluatedSamples == 0)
        try merge(other, into: some)
        #expect(some.evaluation.evaluatedSamples == other.evaluation.evaluatedSamples)
        for (column, label) in some.registry.labels.enumerated() {
            let source = try #require(other.registry.column(of: label))
            #expect(some.evaluation.counters.classCorrect[column] == other.evaluation.counters.classCorrect[source])
        }
        var confusions: [Set<String>] = [[], []]
        for (place, classifier) in [some, other].enumerated() {
            classifier.evaluation.forEachConfusion { actual, predicted, count in
                confusions[place].insert("\(classifier.registry.labels[actual]) \(classifier.registry.labels[predicted]) \(count)")
            }
        }
        #expect(confusions[0] == confusions[1] && !confusions[0].isEmpty)
        #expect(some.evaluation.recent.balancedAccuracy == other.evaluation.recent.balancedAccuracy)
        #expect(some.evaluation.recent.accuracy == other.evaluation.recent.accuracy)
        #expect(some.evaluation.history == other.evaluation.history)
        let shares = [some, other].map { $0.curve(of: .plain).points[0].balancedAccuracy ?? -1 }
        #expect(abs(shares[0] - shares[1]) < 1e-12 && shares[1] > 0.7)
        let calibration = try #require(some.calibration(of: .plain))
        #expect(abs(calibration.temperature / other.calibration(of: .plain)!.temperature - 1) < 0.02)
        #expect(calibration.samples == Int(Double(other.calibration(of: .plain)!.samples) * 1597 / 1747))
        // It can be saved, restored, and goes on.
        let restored = try SavedParts(some).restored()
        #expect(restored.evaluation.counters == some.evaluation.counters)
        var more = rows[0..<100]
        more.columns = more.columns.map { restored.registry.column(of: labels[$0])! }
        more.known = labels.count
        try learn(more, restored)
        #expect(restored.evaluation.evaluatedSamples == other.evaluation.evaluatedSamples + 100)
    }

    @Test func mergedModel_keepsItsOwnFigures_andTakesNoTemperatureOfOtherScores() throws {
        let (_, rows, labels) = try digits(seed: 14)
        let other = try model(labels)
        try learn(rows[0..<900], other)
        let own = try model(labels)
        for start in stride(from: 900, to: 1797, by: 23) {
            try learn(rows[start..<min(start + 23, 1797)].knowing(rows[900..<max(start, 901)]), own)
        }
        let before = own.evaluation
        let figures = try #require(own.calibration(of: .plain))
        try own.merge(other)
        #expect(own.evaluation == before)
        // Their weight is less, so the temperature may move towards its beginning.
        #expect(abs(own.calibration(of: .plain)!.temperature / figures.temperature - 1) < 0.1)
        let stiff = try model([]) { $0.ridge = 3 }
        try merge(other, into: stiff)
        #expect(stiff.evaluation.counters == other.evaluation.counters)
        #expect(stiff.calibrationState(of: .plain) == nil && stiff.curve(of: .plain).samples == 0 && stiff.noveltyState == nil)
        // A model without figures adds none.
        let (none, few) = (try model([]), try model(labels))
        try learn(rows[0..<150], few)
        try none.merge(few)
        #expect(none.evaluation.evaluatedSamples == 0 && none.calibration(of: .plain) == nil)
    }
}

extension FilledModelTests.Rows {
    /// The same rows for a model that has learned others.
    fileprivate func knowing(_ others: FilledModelTests.Rows) -> Self {
        var rows = self
        rows.known = others.columns.reduce(0) { max($0, $1 + 1) }
        return rows
    }
}
