import Testing

@testable import AnalyticLearning

/// For any partition and order, the weights are those of one joint solution.
@Suite struct ExactnessTests {
    @Test func randomPartitions_ofTheDigits_giveTheJointWeights() throws {
        let digits = try Digits()
        let labels = (0..<10).map(String.init)
        var generator = SplitMix64(state: 2026)
        // 400 rows are rank-deficient only where it does not matter, and keep 200 partitions quick; a few more use all 1,797.
        let some = Array((0..<digits.labels.count).shuffled(using: &generator).prefix(400))
        let joint = jointSolution(digits.mapped(some), some.map { digits.labels[$0] }, classes: 10, ridge: 0.1)
        let all = Array(0..<digits.labels.count)
        let jointOfAll = jointSolution(digits.mapped(all), digits.labels, classes: 10, ridge: 0.1)
        var worst = 0.0
        for trial in 0..<200 {
            let useAll = trial % 20 == 19
            let order = (useAll ? all : some).shuffled(using: &generator)
            let sizes = partition(of: order.count, trial, &generator)
            let classifier = try digits.classifier()
            var start = 0
            for size in sizes {
                let rows = order[start..<(start + size)]
                try classifier.learn(features: digits.rows(rows), labels: rows.map { "\(digits.labels[$0])" })
                start += size
            }
            let difference = relativeDifference(classifier.weights(for: labels), useAll ? jointOfAll : joint)
            worst = max(worst, difference)
            #expect(difference < 1e-9, "trial \(trial), batches \(sizes.prefix(8))…")
            #expect(classifier.samples == order.count)
        }
        print("worst relative difference from the joint solution over 200 partitions: \(worst)")
    }

    /// Every fourth trial uses single rows or one whole batch; the others use batches of random scale, so that the gathered, the direct and
    /// the bulk path all occur.
    private func partition(of count: Int, _ trial: Int, _ generator: inout SplitMix64) -> [Int] {
        if trial % 20 == 3 { return Array(repeating: 1, count: count) }
        if trial % 20 == 7 { return [count] }
        let limit = [2, 16, 40, 90, 150, 400].randomElement(using: &generator)!
        var sizes: [Int] = []
        var left = count
        while left > 0 {
            sizes.append(Int.random(in: 1...min(limit, left), using: &generator))
            left -= sizes.last!
        }
        return sizes
    }

    @Test func requestsLearnedAsOneBlock_scoreAndEndAsIfTheyCameOneByOne() throws {
        let digits = try Digits()
        var generator = SplitMix64(state: 99)
        for _ in 0..<20 {
            let order = (0..<300).map { _ in Int.random(in: 0..<digits.labels.count, using: &generator) }
            let single = try digits.classifier()
            let grouped = try digits.classifier()
            var accuracies: [Double?] = []
            var groupedAccuracies: [Double?] = []
            var start = 0
            while start < order.count {
                var spans: [RequestSpan] = []
                var columns: [Int] = []
                var ranges: [Range<Int>] = []
                let first = start
                for _ in 0..<Int.random(in: 1...6, using: &generator) where start < order.count {
                    let end = min(start + Int.random(in: 1...9, using: &generator), order.count)
                    let labels = order[start..<end].map { "\(digits.labels[$0])" }
                    accuracies.append(try single.learn(features: digits.rows(order[start..<end]), labels: labels))
                    spans.append(RequestSpan(rows: end - start, knownClasses: grouped.registry.count))
                    ranges.append((start - first)..<(end - first))
                    columns += grouped.intern(labels)
                    start = end
                }
                let features = digits.rows(order[first..<start])
                let outcome = try features.withUnsafeBufferPointer {
                    try grouped.learn(features: $0, columns: columns, spans: spans)
                }
                for (span, range) in zip(spans, ranges) {
                    groupedAccuracies.append(outcome.accuracy(of: range, columns: columns, knownClasses: span.knownClasses))
                }
            }
            #expect(accuracies == groupedAccuracies)
            let labels = single.registry.labels
            #expect(relativeDifference(grouped.weights(for: labels), single.weights(for: labels)) < 1e-9)
        }
    }

    @Test func damageToTheView_isFoundAndHealed() throws {
        let digits = try Digits()
        let classifier = try digits.classifier()
        let rows = Array(0..<600)
        try classifier.learn(features: digits.rows(rows), labels: rows.map { "\(digits.labels[$0])" })
        let solves = classifier.health.solves
        classifier.disturbInverse(3, 200, by: 0.5)
        for start in stride(from: 600, to: 1797, by: 19) {
            let batch = Array(start..<min(start + 19, 1797))
            try classifier.learn(features: digits.rows(batch), labels: batch.map { "\(digits.labels[$0])" })
        }
        #expect(classifier.health.solves == solves + 1)
        #expect(classifier.health.drift < 1e-8)
        let all = Array(0..<1797)
        let joint = jointSolution(digits.mapped(all), digits.labels, classes: 10, ridge: 0.1)
        #expect(relativeDifference(classifier.weights(for: (0..<10).map(String.init)), joint) < 1e-9)
    }

    @Test(arguments: [1, 10, 300]) func illConditionedStreams_stayAliveAndSaySo(batch: Int) throws {
        var generator = SplitMix64(state: 4)
        for kind in ["huge mean", "constant"] {
            let classifier = try Classifier(ModelConfiguration(dimension: 24, ridge: 1e-9))
            for _ in 0..<(600 / batch) {
                let features = (0..<(batch * 24)).map { _ in kind == "constant" ? 1 : 1e6 + generator.normal() }
                try classifier.learn(features: features, labels: (0..<batch).map { _ in "\(Int.random(in: 0..<3, using: &generator))" })
                let published = try #require(classifier.publish())
                #expect(published.transposedWeights.allSatisfy { $0.isFinite })
            }
            #expect(classifier.health.isIllConditioned, "\(kind)")
            let ridge = try #require(classifier.health.curingRidge)
            #expect(ridge > 1e-9)
            let cured = try Classifier(ModelConfiguration(dimension: 24, ridge: ridge))
            let features = (0..<(600 * 24)).map { _ in kind == "constant" ? 1 : 1e6 + generator.normal() }
            try cured.learn(features: features, labels: (0..<600).map { "\($0 % 3)" })
            #expect(!cured.health.isIllConditioned, "\(kind)")
        }
    }

    @Test func extremeFeatures_neverPublishWhatIsNotFinite() throws {
        for ridge in [1e-300, 1e-9, 1, 1e300] {
            for magnitude in [1e-50, 1e-20, 1.0, 1e20, 1e50] {
                var generator = SplitMix64(state: 8)
                let classifier = try Classifier(ModelConfiguration(dimension: 9, ridge: ridge))
                for batch in [1, 3, 40, 2] {
                    let features = (0..<(batch * 9)).map { _ in magnitude * Double.random(in: -1...1, using: &generator) }
                    try classifier.learn(features: features, labels: (0..<batch).map { "\($0 % 2)" })
                    if let published = classifier.publish() {
                        #expect(published.transposedWeights.allSatisfy { $0.isFinite }, "ridge \(ridge), magnitude \(magnitude)")
                    }
                }
            }
        }
    }
}
