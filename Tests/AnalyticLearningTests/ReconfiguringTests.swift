import LinearAlgebra
import Testing

@testable import AnalyticLearning

@Suite struct ReconfiguringTests {
    @Test func theRidge_goesThroughTenDecadesAndBack() throws {
        let stream = try LongTail()
        let classifier = try stream.classifier()
        let weights = classifier.weights(for: LongTail.labels)
        for exponent in Array(-5...5) + Array((-5...5).reversed()) {
            try classifier.setRidge(0.1 * [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1e3, 1e4, 1e5][exponent + 5])
        }
        try classifier.setRidge(10)
        let rows = stream.order
        let joint = jointSolution(stream.digits.mapped(rows), rows.map { stream.digits.labels[$0] }, classes: 10, ridge: 10)
        #expect(relativeDifference(classifier.weights(for: LongTail.labels), joint) < 1e-9)
        try classifier.setRidge(0.1)
        #expect(relativeDifference(classifier.weights(for: LongTail.labels), weights) < 1e-9)
        // One of the ridges is set twice in a row, which changes nothing.
        #expect(classifier.configuration.ridge == 0.1 && classifier.version == stream.sizes.count + 23)
        #expect(throws: ConfigurationError.self) { try classifier.setRidge(0) }
        #expect(throws: ConfigurationError.self) { try classifier.setRidge(.infinity) }
        #expect(classifier.configuration.ridge == 0.1)
    }

    @Test func theRidgeOfAnEmptyModel_countsFromTheFirstRow() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 1, ridge: 3))
        try classifier.setRidge(1)
        try classifier.learn(features: [1], labels: ["a"])
        #expect(abs(classifier.weights(for: ["a"])[0] - 0.5) < 1e-15)
    }

    /// Squares that underflow leave only the ridge. Its inverse may exceed Float64 although the weights do not.
    @Test(arguments: ["1e-300", "1e-310", "5e-324"], [1, 3, 40])
    func faintRows_areSolvedForUnderTheFaintestRidge(ridge: String, count: Int) throws {
        var generator = SplitMix64(state: 71)
        let ridge = try #require(Double(ridge))
        let map = FeatureMapKind.randomRelu(width: 20, seed: 3)
        let classifier = try Classifier(ModelConfiguration(dimension: 3, featureMap: count == 3 ? map : .identity))
        let rows = (0..<(3 * count)).map { _ in generator.normal() * 1e-200 }
        try classifier.learn(features: rows, labels: (0..<count).map { _ in "a" })
        try classifier.reconfigure(ridge: ridge)
        for factor in [1.0, 2] {
            let sums = classifier.withCrossMoment { $0.withColumn(0) { Array($0) } }
            // Ridges below 2⁻¹⁰²² have few digits themselves, and their root has fewer.
            #expect(relativeDifference(classifier.weights(for: ["a"]), sums.map { $0 / ridge }) < 1e-12, "\(factor)")
            let published = try #require(classifier.publish()).transposedWeights
            #expect(published.allSatisfy { $0.isFinite })
            if factor == 1 { try classifier.learn(features: rows, labels: (0..<count).map { _ in "a" }) }
        }
    }

    @Test func imbalance_isSwitchedWithoutLosingData_unlessSketchesAreMissing() throws {
        let stream = try LongTail()
        let plain = try stream.classifier()
        #expect(throws: ReconfigurationError.sketchesMissing) { try plain.setImbalance(.reweight(power: 0.5)) }
        #expect(throws: ConfigurationError.self) { try plain.setImbalance(.pseudoFeatures(noise: -1, cap: 1, seed: 0)) }
        #expect(plain.configuration.imbalance == .none && plain.version == stream.sizes.count)
        try plain.setImbalance(.pseudoFeatures(noise: 1, cap: 16, seed: 2))
        try plain.rebalance()
        let direct = try stream.classifier(.pseudoFeatures(noise: 1, cap: 16, seed: 2))
        try direct.rebalance()
        #expect(agree(plain.balancedElements, direct.balancedElements))
        try plain.setImbalance(.none)
        #expect(plain.balanced == nil && !plain.needsBalancing)
        #expect(try #require(plain.publish()).defaultWeights == .plain)

        let kept = try stream.classifier(.pseudoFeatures(noise: 1, cap: 16, seed: 2), rank: .rows(16))
        try kept.setImbalance(.reweight(power: 1))
        try kept.rebalance()
        let reweighted = try stream.classifier(.reweight(power: 1))
        try reweighted.rebalance()
        #expect(agree(kept.balancedElements, reweighted.balancedElements))
    }

    @Test func aDeletedClass_leavesItsRowsAsRowsOfNoClass() throws {
        let stream = try LongTail()
        let classifier = try stream.classifier(.reweight(power: 0.5))
        try classifier.rebalance()
        let order = classifier.registry.labels
        let column = classifier.registry.column(of: "2")!
        #expect(try classifier.deleteClass("2") == classifier.samples - classifier.counts.reduce(0, +))
        #expect(classifier.registry.labels == order.filter { $0 != "2" } && classifier.registry.column(of: "2") == nil)
        for (index, label) in classifier.registry.labels.enumerated() { #expect(classifier.registry.column(of: label) == index) }
        // The joint solution with all-zero targets for the rows of 2 is the one with the class, without its column.
        let rows = stream.order
        let joint = jointSolution(stream.digits.mapped(rows), rows.map { stream.digits.labels[$0] }, classes: 10, ridge: 0.1)
        let others = LongTail.labels.filter { $0 != "2" }
        let expected = (0..<256).flatMap { row in others.map { joint[row * 10 + Int($0)!] } }
        #expect(relativeDifference(classifier.weights(for: others), expected) < 1e-8)
        let published = try #require(classifier.publish())
        #expect(published.scorer()?.kind == .balanced && published.scorer()?.classCount == 9 && published.labels.count == 9)
        try classifier.rebalance()
        #expect(classifier.balancedElements.count == 256 * 9)
        // The class may come back, at the end, from nothing.
        try stream.learn(0..<399, classifier)
        #expect(classifier.registry.column(of: "2") == 9 && column < 9)
        #expect(classifier.counts[9] == stream.order.filter { stream.digits.labels[$0] == 2 }.count)
        let saved = try SavedParts(classifier)
        #expect(try saved.restored().registry == classifier.registry)
        #expect(throws: ClassError.unknown("nine")) { try classifier.deleteClass("nine") }
    }

    @Test func aRenamedClass_keepsEverythingButItsName() throws {
        let stream = try LongTail()
        let classifier = try stream.classifier()
        let (column, weights) = (classifier.registry.column(of: "4")!, classifier.weights(for: ["4"]))
        try classifier.renameClass("4", to: "four/🐈")
        #expect(classifier.registry.column(of: "four/🐈") == column && classifier.registry.column(of: "4") == nil)
        #expect(classifier.weights(for: ["four/🐈"]) == weights)
        #expect(throws: ClassError.unknown("4")) { try classifier.renameClass("4", to: "x") }
        #expect(throws: ClassError.exists("5")) { try classifier.renameClass("3", to: "5") }
        // Two spellings of a word are two labels.
        try classifier.renameClass("3", to: "caf\u{e9}")
        try classifier.renameClass("6", to: "cafe\u{301}")
        #expect(throws: ClassError.exists("caf\u{e9}")) { try classifier.renameClass("cafe\u{301}", to: "caf\u{e9}") }
    }

    @Test func aModelWithAMemoryLimit_refusesFurtherClasses() throws {
        let configuration = ModelConfiguration(dimension: 8, imbalance: .reweight(power: 1), sketchRank: .exact)
        let classifier = try Classifier(configuration)
        classifier.memoryLimit = configuration.estimatedBytes(classes: 2)!
        try classifier.learn(features: Array(repeating: 1, count: 16), labels: ["a", "b"])
        let known = classifier.registry.count
        #expect(throws: LinearAlgebraError.outOfMemory(bytes: configuration.estimatedBytes(classes: 3)!)) {
            try classifier.learn(features: Array(repeating: 1, count: 8), labels: ["c"])
        }
        classifier.forgetClasses(from: known)
        try classifier.learn(features: Array(repeating: 1, count: 8), labels: ["a"])
        #expect(classifier.counts == [2, 1] && classifier.samples == 3)
        #expect(try classifier.rebalance())
    }

    @Test func estimates_growByWhatIsKeptOfEachClass() throws {
        func perClass(_ imbalance: Imbalance, _ rank: SketchRank?) -> Int {
            ModelConfiguration(dimension: 1024, imbalance: imbalance, sketchRank: rank).bytesPerClass!
        }
        let plain = perClass(.none, nil)
        #expect(perClass(.none, .rows(16)) - plain == 32 * 1024 * 8)
        #expect(perClass(.none, .exact) - plain == 1024 * 1025 / 2 * 8)
        #expect(perClass(.reweight(power: 1), .rows(16)) > perClass(.none, .rows(16)))
        let huge = ModelConfiguration(dimension: 1 << 20, imbalance: .reweight(power: 1), sketchRank: .exact)
        #expect(huge.estimatedBytes(classes: 1 << 40) == nil && huge.estimatedBalanceBytes(classes: 1)! > 1 << 43)
    }
}
