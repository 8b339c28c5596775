import Foundation
import Testing

@testable import AnalyticLearning
@testable import LinearAlgebra

/// Published states: their numbers, and the memory that they share and reuse.
@Suite struct PublishedStateTests {
    private var generator = SplitMix64(state: 11)

    private mutating func learn(_ classifier: Classifier, rows: Int = 3, labels: [String] = ["a", "b", "c"]) throws {
        let dimension = classifier.featureMap.dimension
        let features = (0..<(rows * dimension)).map { _ in Double.random(in: -1...1, using: &generator) }
        try classifier.learn(features: features, labels: (0..<rows).map { labels[$0 % labels.count] })
    }

    private func address(_ state: PublishedWeights) throws -> UnsafePointer<Float>? {
        try #require(state.plain).transposed.withUnsafeBufferPointer { $0.baseAddress }
    }

    // MARK: Memory

    @Test mutating func heldState_staysAsItWasPublished() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 70))
        var held: [(state: PublishedWeights, weights: [Float])] = []
        for step in 0..<12 {
            try learn(classifier)
            let state = try #require(classifier.publish())
            var exact: [Double] = []
            classifier.withWeights { $0.withElements { exact = Array($0) } }
            let weights = state.transposedWeights
            for (column, row) in (0..<3).flatMap({ column in (0..<70).map { (column, $0) } }) {
                #expect(weights[column * 128 + row] == Float(exact[column * 70 + row]))
            }
            // Some are held for one more step, some for ever, some not at all.
            if step % 3 != 0 { held.append((state, weights)) }
            if step % 3 == 2 { held.remove(at: held.count - 2) }
        }
        for entry in held { #expect(entry.state.transposedWeights == entry.weights) }
    }

    @Test mutating func memoryOfAStateWithoutReaders_isUsedForTheNextButOne() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 2048))
        var states: [PublishedWeights] = []
        var addresses: [UnsafePointer<Float>?] = []
        for step in 0..<6 {
            try learn(classifier)
            states.append(try #require(classifier.publish()))
            addresses.append(try address(states[states.count - 1]))
            // As a model does: the state before is released once the new one is visible. Step 3 has a reader that stays.
            if states.count > 1, step != 4 { states.remove(at: states.count - 2) }
        }
        #expect(addresses[2] == addresses[0] && addresses[3] == addresses[1] && addresses[4] == addresses[0])
        #expect(addresses[5] != addresses[3])
    }

    @Test mutating func sameWeights_areNotPublishedAgain() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 9, imbalance: .pseudoFeatures(noise: 1, cap: 3, seed: 0)))
        try learn(classifier)
        let first = try #require(classifier.publish())
        #expect(try address(#require(classifier.publish())) == address(first))
        try classifier.renameClass("a", to: "z")
        let renamed = try #require(classifier.publish())
        #expect(try address(renamed) == address(first) && renamed.labels[0].text == "z" && first.labels[0].text == "a")
        #expect(try classifier.rebalance())
        let balanced = try #require(classifier.publish())
        #expect(try address(balanced) == address(first) && balanced.balanced != nil)
        // Whatever changes W is published.
        let changes: [(Classifier) throws -> Void] = [
            { try $0.deleteClass("b") }, { try $0.reconfigure(ridge: 3) },
            { try $0.learn(features: [Double](repeating: 1, count: 9), labels: ["c"]) },
            { _ = try $0.unlearn(features: [Double](repeating: 1, count: 9), labels: ["c"]) },
            { try $0.learn(features: [Double](repeating: 2, count: 9), labels: ["new"]) },
            { try $0.deleteClass("new") },
        ]
        for (number, change) in changes.enumerated() {
            try change(classifier)
            let state = try #require(classifier.publish())
            var expected: [Float] = []
            classifier.withWeights { weights in
                for column in 0..<weights.columns {
                    weights.withColumn(column) { expected += $0.map { Float($0) } + [Float](repeating: 0, count: 55) }
                }
            }
            #expect(state.transposedWeights == expected, "change \(number)")
        }
    }

    @Test mutating func emptyModel_hasNoTable() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 3))
        #expect(try #require(classifier.publish()).plain == nil)
        try learn(classifier, rows: 1, labels: ["a"])
        #expect(try #require(classifier.publish()).plain?.classes == 1)
        try classifier.deleteClass("a")
        #expect(try #require(classifier.publish()).plain == nil)
    }

    // MARK: Numbers

    private func narrowed(_ columns: [[Double]]) throws -> (NarrowedColumns.Magnitude, [Float]) {
        var weights = try Matrix(rows: columns[0].count, columns: columns.count)
        for (column, values) in columns.enumerated() { weights.withMutableColumn(column) { _ = $0.update(fromContentsOf: values) } }
        let stride = ScoreKernel.padded(columns[0].count)
        var target = [Float](repeating: .nan, count: columns.count * stride)
        let magnitude = target.withUnsafeMutableBufferPointer { NarrowedColumns.write(weights, stride: stride, into: $0) }
        return (magnitude, target)
    }

    @Test(arguments: [1, 7, 15, 16, 17, 64, 65, 100]) mutating func everyWidth_isRoundedAndPadded(width: Int) throws {
        let columns = (0..<3).map { _ in (0..<width).map { _ in Double.random(in: -1...1, using: &generator) } }
        let (magnitude, target) = try narrowed(columns)
        let padding = [Float](repeating: 0, count: ScoreKernel.padded(width) - width)
        #expect(magnitude == .usual && target == columns.flatMap { $0.map { Float($0) } + padding })
    }

    @Test(arguments: [0, 3, 15, 16, 31, 32, 36]) func extremes_areFoundWhereverTheyAre(place: Int) throws {
        let bound = Float.greatestFiniteMagnitude
        let cases: [(Double, NarrowedColumns.Magnitude, Float?)] = [
            (.nan, .notFinite, nil), (.infinity, .notFinite, nil), (-.infinity, .notFinite, nil),
            (1e300, .unusual, bound), (-1e300, .unusual, -bound), (1e39, .unusual, bound), (1e200, .unusual, bound),
            (0x1p50, .usual, 0x1p50), (0x1p50.nextUp, .unusual, 0x1p50), (0x1p51, .unusual, 0x1p51), (-0x1p49, .usual, -0x1p49),
        ]
        for (value, expected, written) in cases {
            var column = [Double](repeating: 0.5, count: 37)
            column[place] = value
            let (magnitude, target) = try narrowed([[Double](repeating: 1, count: 37), column, [Double](repeating: 0, count: 37)])
            #expect(magnitude == expected, "\(value)")
            if let written { #expect(target[64 + place] == written && target[64 + (place + 1) % 37] == 0.5, "\(value)") }
        }
        // The largest weight of a class decides, however small the others are; a class without rows has only zeros.
        let small: [(Double, NarrowedColumns.Magnitude)] = [
            (0x1p-50, .usual), (0x1p-50.nextDown, .unusual), (1e-200, .unusual), (.leastNonzeroMagnitude, .unusual),
        ]
        for (value, expected) in small {
            var column = [Double](repeating: 0, count: 37)
            column[place] = -value
            #expect(try narrowed([column]).0 == expected, "\(value)")
        }
    }

    // MARK: Confirmation

    /// Rows whose log record fails are refused after most of the work: the model stays the same to the bit, and learns on.
    @Test(arguments: [1, 5, 40, 1100], [false, true]) mutating func unconfirmedRows_changeNothing(rows: Int, isMapped: Bool) throws {
        var configuration = ModelConfiguration(dimension: 40, imbalance: .pseudoFeatures(noise: 1, cap: 3, seed: 0))
        if isMapped { configuration.featureMap = .randomRelu(width: 64, seed: 3) }
        let classifiers = [try Classifier(configuration), try Classifier(configuration)]
        let first = (0..<(30 * 40)).map { _ in Double.random(in: -1...1, using: &generator) }
        let next = (0..<(rows * 40)).map { _ in Double.random(in: -1...1, using: &generator) }
        for classifier in classifiers {
            try classifier.learn(features: first, labels: (0..<30).map { "\($0 % 3)" })
            try classifier.rebalance()
        }
        let before = try SavedParts(classifiers[0])
        // The same flush as the snapshot above.
        _ = try SavedParts(classifiers[1])
        let known = classifiers[0].registry.count
        let columns = classifiers[0].intern((0..<rows).map { "\($0 % 5)" })
        for isForLater in [false, true] {
            var calls = 0
            let outcome = try next.withUnsafeBufferPointer {
                let spans = [RequestSpan(rows: rows, knownClasses: known)]
                return try classifiers[0].learn(features: $0, columns: columns, spans: spans, isForLater: isForLater) {
                    calls += 1
                    return false
                }
            }
            #expect(outcome == nil && calls == 1 && !classifiers[0].isBehind)
            classifiers[0].forgetClasses(from: known)
            #expect(try "\(SavedParts(classifiers[0]))" == "\(before)", "for later: \(isForLater)")
            _ = classifiers[0].intern((0..<rows).map { "\($0 % 5)" })
        }
        classifiers[0].forgetClasses(from: known)
        for classifier in classifiers { try classifier.learn(features: next, labels: (0..<rows).map { "\($0 % 5)" }) }
        #expect(try "\(SavedParts(classifiers[0]))" == "\(SavedParts(classifiers[1]))")
    }

    @Test mutating func severalBlocks_areConfirmedOnce() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 32))
        let rows = 700
        let features = (0..<(rows * 32)).map { _ in Double.random(in: -1...1, using: &generator) }
        let columns = classifier.intern((0..<rows).map { "\($0 % 4)" })
        var calls = 0
        let outcome = try features.withUnsafeBufferPointer {
            let spans = (0..<70).map { _ in RequestSpan(rows: 10, knownClasses: 0) }
            return try classifier.learn(features: $0, columns: columns, spans: spans, isForLater: false) {
                calls += 1
                return true
            }
        }
        #expect(outcome?.predictions.count == rows && calls == 1 && classifier.samples == rows)
    }
}
