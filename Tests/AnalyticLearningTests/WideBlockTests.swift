import Testing

@testable import AnalyticLearning
@testable import LinearAlgebra

/// Requests of more rows than a block, by each of the three ways, end alike.
@Suite struct WideBlockTests {
    private static let dimension = 96

    private struct Rows {
        var features: [Double] = []
        var labels: [String] = []
    }

    /// Rows around a mean for each class; every class occurs if there are enough rows.
    private func rows(_ count: Int, classes: Int, _ generator: inout SplitMix64) -> Rows {
        var rows = Rows()
        for row in 0..<count {
            let label = row < classes ? row : Int.random(in: 0..<classes, using: &generator)
            for index in 0..<Self.dimension { rows.features.append((index % classes == label ? 1 : 0) + generator.normal()) }
            rows.labels.append("\(label)")
        }
        return rows
    }

    private func scores(of rows: Rows, by classifier: Classifier) -> [[Double]] {
        let classes = classifier.registry.count
        let weights = classifier.weights(for: classifier.registry.labels)
        return rows.labels.indices.map { row in
            (0..<classes).map { column in
                (0..<Self.dimension).reduce(0) { $0 + rows.features[row * Self.dimension + $1] * weights[$1 * classes + column] }
            }
        }
    }

    /// With few classes the request is a bulk, with many a wide block, and one in blocks between them.
    @Test(arguments: [(60, 1, CostModel.Path.bulk), (70, 400, .wideBlock), (150, 400, .blocks)], [1, 2])
    func everyWay_endsInTheJointSolution_andScoresByTheWeightsBefore(
        shape: (beyond: Int, classes: Int, path: CostModel.Path), threads: Int
    ) throws {
        var generator = SplitMix64(state: 11)
        let classes = max(2, shape.classes)
        let classifier = try Classifier(ModelConfiguration(dimension: Self.dimension))
        let first = rows(classes + 250, classes: classes, &generator)
        try classifier.learn(features: first.features, labels: first.labels)
        let single = Calibrator()
        single.restore(classifier.calibrationState(of: .plain))
        let second = rows(shape.beyond + (shape.path == .bulk ? 60 : 10), classes: classes, &generator)
        #expect(second.labels.count > classifier.core.view.cost.blockRows)
        #expect(classifier.core.path(rows: second.labels.count, classes: classes) == shape.path)

        let before = scores(of: second, by: classifier)
        var right = 0
        for (row, scores) in before.enumerated() {
            let label = classifier.registry.column(of: second.labels[row])!
            if scores.indices.max(by: { scores[$0] < scores[$1] }) == label { right += 1 }
            scores.withUnsafeBufferPointer { single.record($0, label: label) }
        }
        let solves = classifier.health.solves
        let accuracy = try ComputeThreads.$countInTask.withValue(threads) {
            try classifier.learn(features: second.features, labels: second.labels)
        }
        #expect(classifier.health.solves == solves + (shape.path == .bulk ? 1 : 0))
        #expect(accuracy == Double(right) / Double(second.labels.count))
        #expect(classifier.plainTest.calibrator.offered == single.offered && classifier.plainTest.calibrator.samples == single.samples)
        if let mine = classifier.calibration(of: .plain), let theirs = single.calibration {
            #expect(abs(mine.temperature / theirs.temperature - 1) < 1e-9)
        }

        // A block after it finds its buffers again.
        let third = rows(20, classes: classes, &generator)
        try classifier.learn(features: third.features, labels: third.labels)
        let joint = try Classifier(ModelConfiguration(dimension: Self.dimension))
        let all = [first, second, third]
        try joint.learn(features: all.flatMap(\.features), labels: all.flatMap(\.labels))
        let labels = classifier.registry.labels
        #expect(joint.samples == classifier.samples && joint.counts == classifier.counts)
        #expect(relativeDifference(classifier.weights(for: labels), joint.weights(for: labels)) < 1e-10)
        #expect(relativeDifference(try SavedParts(classifier).gram, try SavedParts(joint).gram) < 1e-14)
    }

    /// Its first rows, known classes, and later requests in the same call.
    @Test func aWideBlockAmongOthers_learnedAtOnce_isOneOfThem() throws {
        var generator = SplitMix64(state: 12)
        let classes = 400
        let sizes = [3, 70, 5, 72, 1]
        let first = rows(classes, classes: classes, &generator)
        let rest = sizes.map { rows($0, classes: 30, &generator) }
        let one = try Classifier(ModelConfiguration(dimension: Self.dimension))
        let several = try Classifier(ModelConfiguration(dimension: Self.dimension))
        for classifier in [one, several] { try classifier.learn(features: first.features, labels: first.labels) }
        #expect(one.core.path(rows: 70, classes: classes) == .wideBlock)
        for rows in rest { try one.learn(features: rows.features, labels: rows.labels) }
        let columns = rest.flatMap(\.labels).map { several.registry.column(of: $0)! }
        let features = rest.flatMap(\.features)
        try features.withUnsafeBufferPointer {
            _ = try several.learn(features: $0, columns: columns, spans: sizes.map { RequestSpan(rows: $0, knownClasses: classes) })
        }
        let labels = one.registry.labels
        #expect(several.samples == one.samples && several.counts == one.counts)
        #expect(several.evaluation.overall == one.evaluation.overall)
        #expect(relativeDifference(several.weights(for: labels), one.weights(for: labels)) < 1e-10)
    }

    /// A block without a factor is solved from G, which has all its rows once.
    @Test func aWideBlockWithoutAFactor_isInGOnce() throws {
        var generator = SplitMix64(state: 13)
        let (classes, count) = (400, 70)
        let classifier = try Classifier(ModelConfiguration(dimension: Self.dimension, ridge: 1e-4))
        var all = rows(classes, classes: classes, &generator)
        try classifier.learn(features: all.features, labels: all.labels)
        let solves = classifier.health.solves
        var wide = rows(count, classes: classes, &generator)
        for index in wide.features.indices { wide.features[index] *= 1e9 }
        #expect(classifier.core.path(rows: count, classes: classes) == .wideBlock)
        try classifier.learn(features: wide.features, labels: wide.labels)
        #expect(classifier.health.solves > solves && classifier.samples == classes + count)
        all.features += wide.features
        let squares = all.features.reduce(0) { $0 + $1 * $1 }
        #expect(abs(classifier.withSquare { $0.gramTrace } / squares - 1) < 1e-12)
    }
}
