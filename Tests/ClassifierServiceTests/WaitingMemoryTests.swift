import Foundation
import TensorFormats
import Testing

@testable import ClassifierService

/// Whatever clients send to a busy worker, the process stays within its limits.
@Suite(.disabled(if: ThreadSanitizer.isOn, "the sanitizer's own memory is many times the process's")) struct WaitingMemoryTests {
    private static let dimension = 64
    /// 12.6 MB of features in each body.
    private static let rows = 24 << 10

    /// The process's memory besides its models.
    private static let overhead = 256 << 20

    @Test func bodiesThatWait_areCounted() throws {
        let models = KeptModels()
        let server = try ServerProcess(data: models.path, ["--max-memory", "64M"])
        defer { server.kill() }
        let memory = ProcessMemory(identifier: server.executable.identifier)
        let client = TestClient(port: server.port)
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":\#(Self.dimension)}"#).status == 201)
        let row = [Double](repeating: 1, count: Self.dimension)
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([row], ["0"])).status == 200)
        let snapshot = try client.send("GET", "/v1/models/m/snapshot").body
        let body = try ArrayBodies.safetensors(
            [[Double]](repeating: row, count: Self.rows), integers: [Int64](repeating: 0, count: Self.rows))
        let few = Bodies.predict([[Double]](repeating: row, count: 1024))

        // The answers are not awaited: the first bodies keep the worker busy, the others wait behind them.
        var waiting: [TestClient] = []
        func send(_ count: Int, _ method: String, _ path: String, _ body: [UInt8], _ type: String) throws {
            for _ in 0..<count {
                let client = TestClient(port: server.port)
                try client.begin(method, path, body, contentType: type)
                waiting.append(client)
            }
        }
        let (tensors, json) = ("application/vnd.safetensors", "application/json")
        try send(2, "POST", "/v1/models/m/learn", body, tensors)
        try send(20, "POST", "/v1/models/m/unlearn", body, tensors)
        try send(20, "POST", "/v1/models/m/learn", body, tensors)
        try send(20, "POST", "/v1/models/m/predict", body, tensors)
        try send(30, "POST", "/v1/models/m/predict?leverage=true", few, json)
        try send(30, "POST", "/v1/models/m/merge", snapshot, tensors)
        try send(30, "PUT", "/v1/models/m/snapshot", snapshot, tensors)
        try send(30, "PATCH", "/v1/models/m/classes/0", Array(#"{"label":"zero"}"#.utf8), json)
        // Requests that are served at once are answered after all of them.
        #expect(try client.send("GET", "/healthz").status == 200)
        let peak = try memory.peak
        #expect(peak <= (64 << 20) + Self.overhead, "\(peak >> 20) MiB")
        withExtendedLifetime(waiting) {}
    }
}
