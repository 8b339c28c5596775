import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// Streams on which the equations lose all their digits: the service continues, says so, and publishes only finite weights.
@Suite struct IllConditionedTests {
    static let dimension = 12

    struct Stream: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let ridge: String
        /// Draws a row of a class.
        let row: @Sendable (Int, inout SeededGenerator) -> [Double]
    }

    static let streams = [
        Stream(testDescription: "mean 1e6 and standard deviation 1, ridge 1e-9", ridge: "1e-9") { label, generator in
            (0..<dimension).map { 1e6 + generator.normal() + ($0 == label ? 5 : 0) }
        },
        Stream(testDescription: "mean 1e6 and standard deviation 1, the usual ridge", ridge: "0.1") { label, generator in
            (0..<dimension).map { 1e6 + generator.normal() + ($0 == label ? 5 : 0) }
        },
        Stream(testDescription: "constant features, ridge 1e-9", ridge: "1e-9") { _, _ in [Double](repeating: 1e4, count: dimension) },
        Stream(testDescription: "constant and useful features, ridge 1e-9", ridge: "1e-9") { label, generator in
            (0..<dimension).map { $0 < 6 ? 1e5 : generator.normal() + ($0 == label + 6 ? 5 : 0) }
        },
        Stream(testDescription: "scales from 1e-20 to 1e20", ridge: "1e-9") { label, generator in
            (0..<dimension).map { (generator.normal() + ($0 == label ? 3 : 0)) * pow(10, Double($0 * 40 / (dimension - 1)) - 20) }
        },
        Stream(testDescription: "the largest features, nearly constant", ridge: "1e-300") { _, generator in
            (0..<dimension).map { _ in 1e50 * (1 - 1e-10 * Double.random(in: 0...1, using: &generator)) }
        },
    ]

    @Test(arguments: streams) func serviceGoesOnAndSaysSo(_ stream: Stream) throws {
        let service = try TestService()
        let model = ModelClient(service)
        #expect(try model.create(#"{"dimension":\#(Self.dimension),"ridge":\#(stream.ridge)}"#).status == 201)
        var generator = SeededGenerator(seed: 8)
        var samples = 0
        for round in 0..<30 {
            // Single rows, small batches, and some that are solved at once.
            let count = [1, 1, 5, 20, 200][round % 5]
            let labels = (0..<count).map { "c\((samples + $0) % 4)" }
            let rows = (0..<count).map { stream.row((samples + $0) % 4, &generator) }
            let learned = try model.learn(rows, labels)
            #expect(learned.status == 200, "\(learned.text)")
            samples += count
            #expect(learned["samples"].int == samples)
            if let accuracy = learned["accuracy_before"].double { #expect((0...1).contains(accuracy)) }
            let predicted = try model.predict([rows[0], [Double](repeating: 1, count: Self.dimension)], top: 4)
            #expect(predicted.status == 200, "\(predicted.text)")
            for prediction in predicted["predictions"].array ?? [] {
                for entry in prediction["top"].array ?? [] { #expect(entry["score"].double?.isFinite == true, "\(predicted.text)") }
            }
        }
        let details = try model.details()
        #expect(details["ill_conditioned"].bool == true, "\(details.text)")
        let ridge = details["suggested_ridge"].double ?? .nan
        #expect(ridge.isFinite && ridge > 0)

        let snapshot = try EditedSnapshot(try model.snapshot().body)
        let weights: [Double] = snapshot.elements("weight")
        #expect(weights.allSatisfy { $0.isFinite })
        // The suggested ridge cures.
        let cured = try model.client.send("PATCH", model.path, #"{"ridge":\#(ridge)}"#)
        #expect(cured.status == 200 && cured["ill_conditioned"].bool == false, "\(cured.text)")
    }

    /// Models with tiny features or a tiny ridge: the suggestion is a valid ridge.
    @Test(arguments: [
        (0x1p-1030, 1), (0x1p-1030, 1e-160), (.leastNonzeroMagnitude, 0), (.leastNonzeroMagnitude, 1e-170), (1e-300, 1e-150),
        (1e-200, 1e-80), (0.1, 1e30), (1e300, 1),
    ])
    func whatIsSuggestedIsARidge(ridge: Double, scale: Double) throws {
        let service = try TestService()
        let model = ModelClient(service)
        #expect(try model.create(#"{"dimension":3,"ridge":\#(ridge)}"#).status == 201)
        for round in 0..<3 {
            let details = try model.details()
            #expect(details.status == 200)
            if details["ill_conditioned"].bool == true {
                let suggested = details["suggested_ridge"].double ?? .nan
                #expect(suggested.isFinite && suggested > ridge, "\(details.text)")
            } else {
                #expect(details.json.object?["suggested_ridge"] == nil)
            }
            try model.learn([[scale, 0, 0], [scale, scale * (1 + 1e-9 * Double(round)), 0]], ["a", "b"])
        }
        guard let suggested = try model.details()["suggested_ridge"].double else { return }
        let cured = try model.client.send("PATCH", model.path, #"{"ridge":\#(suggested)}"#)
        #expect(cured.status == 200 && cured["ill_conditioned"].bool == false, "\(cured.text)")
    }

    @Test func classesAreStillToldApartWhereTheyCanBe() throws {
        let service = try TestService()
        let model = ModelClient(service)
        #expect(try model.create(#"{"dimension":\#(Self.dimension),"ridge":1e-9}"#).status == 201)
        var generator = SeededGenerator(seed: 5)
        let stream = Self.streams[3]
        for start in stride(from: 0, to: 400, by: 20) {
            let labels = (start..<(start + 20)).map { "c\($0 % 4)" }
            try model.learn((start..<(start + 20)).map { stream.row($0 % 4, &generator) }, labels)
        }
        let probes = (0..<200).map { stream.row($0 % 4, &generator) }
        let predictions = try model.predict(probes)["predictions"].array ?? []
        let correct = predictions.enumerated().count { $0.element["label"].string == "c\($0.offset % 4)" }
        #expect(correct > 180, "\(correct) of 200")
    }

    @Test func wellConditionedModelsDoNotComplain() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":\#(Self.dimension)}"#)
        var generator = SeededGenerator(seed: 6)
        let rows = (0..<300).map { _ in (0..<Self.dimension).map { _ in generator.normal() } }
        try model.learn(rows, rows.indices.map { "c\($0 % 5)" })
        let details = try model.details()
        #expect(details["ill_conditioned"].bool == false)
        #expect(details.json.object?["suggested_ridge"] == nil)
        #expect((details["drift"].double ?? 1) < 1e-8)
    }
}
