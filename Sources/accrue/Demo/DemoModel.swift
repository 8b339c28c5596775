import AnalyticLearning
import CommandSupport
import Foundation
import TensorFormats

/// A model of the running service, over HTTP.
struct DemoModel {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The parts of a snapshot that the demonstration needs.
    struct Snapshot {
        var bytes: [UInt8]
        var weights: [Double]
        var projection: [Float]
        var labels: [Label]
    }

    /// A prediction as the service returned it; scores in the digits it sent.
    struct Prediction: Equatable {
        var label: Label
        var score: Double
    }

    let name: String
    let client: HTTPClient

    func create(width: Int, ridge: Double, imbalance: String = #"{"kind":"none"}"#) throws {
        let map = #"{"kind":"random_relu","width":\#(width),"seed":1}"#
        let config = #"{"dimension":\#(Digits.dimension),"feature_map":\#(map),"ridge":\#(ridge),"imbalance":\#(imbalance)}"#
        try send("PUT", "", Array(config.utf8), expecting: 201)
    }

    func learn(_ samples: some Collection<Digits.Sample>) throws {
        var writer = JSONWriter()
        writer.beginObject()
        writeFeatures(samples, to: &writer)
        writer.key("labels")
        writer.beginArray()
        for sample in samples { writer.write(sample.name.text) }
        writer.endArray()
        writer.endObject()
        try send("POST", "/learn", writer.array, expecting: 200)
    }

    /// - Parameters:
    ///   - weights: which weights; nil for the model's default.
    ///   - balance: how far the scores even out the classes' shares; nil for the model's default.
    func predict(_ samples: [Digits.Sample], weights: String? = nil, balance: Double? = nil) throws -> [Prediction] {
        var writer = JSONWriter()
        writer.beginObject()
        writeFeatures(samples, to: &writer)
        writer.endObject()
        let options = [weights.map { "weights=\($0)" }, balance.map { "balance=\($0)" }].compactMap { $0 }
        let call = "/predict" + (options.isEmpty ? "" : "?" + options.joined(separator: "&"))
        let answer = try JSONValue(parsing: send("POST", call, writer.array, expecting: 200).text)
        let predictions = (answer.object?["predictions"]?.array ?? []).compactMap { entry -> Prediction? in
            guard let label = entry.object?["label"]?.label, let score = entry.object?["score"]?.double else { return nil }
            return Prediction(label: label, score: score)
        }
        guard predictions.count == samples.count else { throw Failure(description: "predict answered \(predictions.count) rows") }
        return predictions
    }

    func rebalance() throws {
        try send("POST", "/rebalance", [], expecting: 200)
    }

    func snapshot() throws -> Snapshot {
        let bytes = try send("GET", "/snapshot", [], expecting: 200).body
        return try bytes.withUnsafeBytes { buffer in
            let reader = try SafetensorsReader(buffer)
            let weight = try reader.requireTensor(named: "weight", types: [.f64])
            let projection = try reader.requireTensor(named: "feature_map.projection", types: [.f32])
            let labels = try JSONValue(parsing: reader.metadata["labels"] ?? "[]").array ?? []
            return Snapshot(
                bytes: bytes, weights: try reader.array(of: weight), projection: try reader.array(of: projection),
                labels: labels.compactMap(\.label))
        }
    }

    func restore(_ snapshot: Snapshot) throws {
        try send("PUT", "/snapshot", snapshot.bytes, expecting: 201)
    }

    private func writeFeatures(_ samples: some Collection<Digits.Sample>, to writer: inout JSONWriter) {
        writer.key("features")
        writer.beginArray()
        for sample in samples {
            writer.beginArray()
            for value in sample.features { writer.write(value) }
            writer.endArray()
        }
        writer.endArray()
    }

    @discardableResult
    private func send(_ method: String, _ call: String, _ body: [UInt8], expecting status: Int) throws -> HTTPClient.Response {
        let response = try client.send(method, "/v1/models/\(name)\(call)", body: body)
        guard response.status == status else {
            throw Failure(description: "\(method) \(call) of model \(name) answered \(response.status): \(response.text)")
        }
        return response
    }
}
