import Storage
import StorageTestSupport
import TensorFormats
import Testing

/// Answers while models are read from the data directory.
@Suite struct RecoveryTests {
    private struct Call {
        let method: String
        let path: String
        let body: [UInt8]
        let contentType: String

        init(_ method: String, _ path: String, _ body: String = "") {
            self.init(method, path, Array(body.utf8), "application/json")
        }

        init(_ method: String, _ path: String, _ body: [UInt8], _ contentType: String) {
            self.method = method
            self.path = "/v1/models" + path
            self.body = body
            self.contentType = contentType
        }
    }

    @Test func callsOnModels_areRefusedUntilTheyAreRecovered() throws {
        let models = KeptModels()
        let configuration = #"{"dimension":2,"imbalance":{"kind":"pseudo_features"}}"#
        let rows = #"{"features":[[1,0],[0,1],[1,1]],"labels":["a","b","b"]}"#
        let first = try models.start()
        try first.client().send("PUT", "/v1/models/m", configuration)
        try first.client().send("POST", "/v1/models/m/learn", rows)
        let snapshot = try first.client().send("GET", "/v1/models/m/snapshot").body
        first.stop()

        // In an order in which all of them succeed after recovery.
        let calls = [
            Call("GET", "/m"), Call("PUT", "/m", configuration), Call("GET", "/m/classes"),
            Call("POST", "/m/predict", #"{"features":[[1,0]]}"#), Call("POST", "/m/learn", rows),
            Call("POST", "/m/learn", Array("{\"features\":[1,0],\"label\":\"a\"}\n".utf8), "application/x-ndjson"),
            Call("POST", "/m/unlearn", #"{"features":[[1,0]],"labels":["a"]}"#), Call("POST", "/m/rebalance"),
            Call("POST", "/m/merge", snapshot, "application/vnd.safetensors"), Call("GET", "/m/snapshot"),
            Call("PATCH", "/m", #"{"ridge":0.5}"#), Call("PATCH", "/m/classes/a", #"{"label":"c"}"#), Call("DELETE", "/m/classes/c"),
            Call("PUT", "/m/snapshot", snapshot, "application/vnd.safetensors"), Call("DELETE", "/m"),
        ]
        let disk = FaultyFileSystem(SystemFileSystem())
        disk.hold()
        defer { disk.heal() }
        let service = try models.start(fileSystem: disk, isReady: false)
        let client = service.client()
        #expect(try client.send("GET", "/healthz").status == 200)
        let readiness = try client.send("GET", "/readyz")
        #expect(readiness.status == 503 && readiness["live"].bool == true && readiness["ready"].bool == false)
        for call in calls {
            let reply = try client.send(call.method, call.path, call.body, contentType: call.contentType)
            let name = "\(call.method) \(call.path): \(reply.status) \(reply.text)"
            #expect(reply.status == 503 && reply.problemDetail.contains("being recovered"), "\(name)")
            #expect(Int(reply.fields["retry-after"] ?? "").map { $0 > 0 } == true, "\(name)")
        }
        #expect(try client.send("GET", "/v1/models/other").status == 404)
        let list = try client.send("GET", "/v1/models")
        #expect(
            list.status == 200
                && list.text == #"{"models":[{"name":"m","version":null,"samples":null,"classes":null,"state":"recovering"}]}"#)

        disk.heal()
        try service.waitUntilReady()
        #expect(try client.send("GET", "/readyz").status == 200)
        // None of the refused calls had an effect.
        #expect(try client.send("GET", "/v1/models/m")["samples"].int == 3)
        for call in calls {
            let reply = try client.send(call.method, call.path, call.body, contentType: call.contentType)
            #expect((200..<300).contains(reply.status), "\(call.method) \(call.path): \(reply.status) \(reply.text)")
        }
    }
}
