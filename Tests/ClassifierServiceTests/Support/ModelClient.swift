import AnalyticLearning
import TensorFormats
import Testing

/// One model of a running service, over one connection.
struct ModelClient {
    let name: String
    let client: TestClient

    init(_ service: TestService, _ name: String = "m") { self.init(service.client(), name) }

    init(_ client: TestClient, _ name: String = "m") {
        self.name = name
        self.client = client
    }

    var path: String { "/v1/models/\(name)" }

    @discardableResult
    func create(_ config: String) throws -> Reply { try client.send("PUT", path, config) }

    @discardableResult
    func learn(_ features: [[Double]], _ labels: [String]) throws -> Reply {
        try client.send("POST", path + "/learn", Bodies.learn(features, labels))
    }

    @discardableResult
    func predict(_ features: [[Double]], top: Int? = nil) throws -> Reply {
        try client.send("POST", path + "/predict", Bodies.predict(features, top: top))
    }

    func details() throws -> Reply { try client.send("GET", path) }

    func snapshot(_ query: String = "") throws -> Reply { try client.send("GET", path + "/snapshot" + query) }

    @discardableResult
    func restore(_ snapshot: [UInt8]) throws -> Reply {
        try client.send("PUT", path + "/snapshot", snapshot, contentType: "application/vnd.safetensors")
    }

    @discardableResult
    func delete() throws -> Reply { try client.send("DELETE", path) }

    /// Everything visible of the model: its details, its state to the last bit, and a prediction.
    func state(probe: [Double]) throws -> ModelState {
        ModelState(
            details: try details().textWithoutAges, snapshot: try snapshot().body, prediction: try predict([probe], top: 100).text)
    }
}

/// A model's visible state; equal before and after a refused request.
struct ModelState: Equatable {
    var details: String
    var snapshot: [UInt8]
    var prediction: String
}

/// Bodies of requests.
enum Bodies {
    static func learn(_ features: [[Double]], _ labels: [String]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        write(features, to: &writer)
        writer.key("labels")
        writer.beginArray()
        for label in labels { writer.write(label) }
        writer.endArray()
        writer.endObject()
        return writer.array
    }

    static func predict(_ features: [[Double]], top: Int? = nil) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        write(features, to: &writer)
        if let top {
            writer.key("top")
            writer.write(top)
        }
        writer.endObject()
        return writer.array
    }

    private static func write(_ features: [[Double]], to writer: inout JSONWriter) {
        writer.key("features")
        writer.beginArray()
        for row in features {
            writer.beginArray()
            for value in row { writer.write(value) }
            writer.endArray()
        }
        writer.endArray()
    }
}

extension Label: ExpressibleByStringInterpolation {
    /// A label written in a test.
    init(stringLiteral text: String) { self = try! Label(text) }
}
