import Foundation
import LinearAlgebra
import TensorFormats
import Testing

@testable import AnalyticLearning

/// Compares with vectors made by the papers' own code.
@Suite struct GoldenTests {
    @Test func recursiveSmall() throws {
        let file = try Vectors("recursive_small")
        let classifier = try Classifier(ModelConfiguration(dimension: 12))
        var labels: [String] = []
        for batch in 0..<5 {
            let batchLabels = try file.integers("batch\(batch).labels").map(String.init)
            try classifier.learn(features: try file.doubles("batch\(batch).features"), labels: batchLabels)
            // The reference numbers its columns by class number, in order of appearance.
            let expected = try file.doubles("batch\(batch).weight")
            labels = (0..<(expected.count / 12)).map(String.init)
            #expect(relativeDifference(classifier.weights(for: labels), expected) < 1e-10, "after batch \(batch)")
        }
        let inverse = classifier.withSquare { square in
            (0..<144).map { square.inverseElement($0 / 12, $0 % 12) }
        }
        let final = try file.doubles("final.R")
        // R itself may still lack gathered rows; withSquare has brought it up to date.
        #expect(relativeDifference(inverse, final) < 1e-10)
    }

    @Test func acilDigits_classIncremental() throws {
        let digits = try Digits()
        let file = try Vectors("acil_digits")
        let classifier = try digits.classifier()
        let order = try file.integers("order")
        let test = try file.integers("test")
        let expected = try expectedAccuracies("acil_digits")
        var accuracies: [Double] = []
        var start = 0
        for size in try file.integers("batch_sizes") {
            let rows = order[start..<(start + size)]
            // A phase ends when a label of the next pair of classes arrives.
            let isNewPhase = rows.contains { classifier.registry.column(of: "\(digits.labels[$0])") == nil }
            if isNewPhase, classifier.registry.count == 2 * (accuracies.count + 1) {
                accuracies.append(accuracy(classifier, digits, test))
            }
            try classifier.learn(features: digits.rows(rows), labels: rows.map { "\(digits.labels[$0])" })
            start += size
        }
        accuracies.append(accuracy(classifier, digits, test))
        #expect(start == order.count)
        #expect(accuracies == expected)
        #expect(relativeDifference(classifier.weights(for: (0..<10).map(String.init)), try file.doubles("weight")) < 1e-8)
    }

    @Test func gacilDigits_mixedBatches() throws {
        let digits = try Digits()
        let file = try Vectors("gacil_digits")
        let classifier = try digits.classifier()
        let order = try file.integers("order")
        var start = 0
        for size in try file.integers("batch_sizes") {
            let rows = order[start..<(start + size)]
            try classifier.learn(features: digits.rows(rows), labels: rows.map { "\(digits.labels[$0])" })
            start += size
        }
        #expect(relativeDifference(classifier.weights(for: (0..<10).map(String.init)), try file.doubles("weight")) < 1e-8)
        let inverse = classifier.withSquare { square in
            (0..<(256 * 256)).map { square.inverseElement($0 / 256, $0 % 256) }
        }
        #expect(relativeDifference(inverse, try file.doubles("R")) < 1e-8)
        let test = try Vectors("acil_digits").integers("test")
        #expect(accuracy(classifier, digits, test) == 0.9844444444444445)
    }

    private func expectedAccuracies(_ name: String) throws -> [Double] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Vectors/expected.json")
        let object = try Data(contentsOf: folder).withUnsafeBytes { try JSONValue(parsing: $0) }
        let numbers = try #require(object.object?[name]?.object?["phase_accuracy"]?.array)
        return try numbers.map { try #require($0.double) }
    }

    /// On the test rows whose class has been seen.
    private func accuracy(_ classifier: Classifier, _ digits: Digits, _ test: [Int]) -> Double {
        let rows = test.filter { classifier.registry.column(of: "\(digits.labels[$0])") != nil }
        let predictions = classifier.publish()!.predict(digits.rows(rows).map(Float.init))
        let correct = zip(rows, predictions).filter { "\(digits.labels[$0])" as Label == $1.label }.count
        return Double(correct) / Double(rows.count)
    }
}
