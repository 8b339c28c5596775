import Concurrency
import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// Answers whose length grows with a model: event loops write none of them, and little of them is in memory.
@Suite struct LongAnswerTests {
    /// Labels of 1,000 control characters each, which JSON writes six times as long: 1.8 MB of answer for 0.3 MB of labels. Fewer under the
    /// sanitizer, which makes the tests' own reading slow.
    private static let classes = ThreadSanitizer.isOn ? 60 : 300

    private static func label(_ index: Int) -> String { String(format: "%05d", index) + String(repeating: "\u{1}", count: 995) }

    /// A service with little memory for answers, and a model with many long labels.
    private func service(answerMemory: Int = 16 << 20) throws -> (TestService, ModelClient) {
        let service = try TestService {
            $0.server.maximumTotalAnswerMemory = answerMemory
            $0.server.eventLoops = 1
        }
        let model = ModelClient(service)
        #expect(try model.create(#"{"dimension":1}"#).status == 201)
        return (service, model)
    }

    /// Learns the labels over several requests.
    private func learnAll(_ model: ModelClient, count: Int = classes) throws {
        let labels = (0..<count).map(Self.label)
        let reply = try model.learn([[Double]](repeating: [1], count: count), labels)
        #expect(reply.status == 200 && reply["new_classes"].array?.count == count)
    }

    /// Every read of the model, in both protocols, with both methods, by clients that read and by clients that do not.
    @Test func noEventLoopWritesWhatGrowsWithAModel() throws {
        let (service, model) = try service()
        try learnAll(model)
        let details = try model.details()
        #expect(details["evaluation"]["classes"].array?.count == Self.classes)
        let paths = [
            model.path, model.path + "/classes", model.path + "/classes?limit=\(Self.classes - 1)", model.path + "/history", "/v1/models",
            "/v2/models",
            "/v2/models/m", "/v2/models/m/versions/\(try #require(details["version"].int))", "/v2/models/m/config", "/v2/models/m/stats",
            "/v2/models/m/ready", "/v2/models/stats", "/metrics",
        ]
        // Some do not read: each holds at most a few pieces.
        let slow = try (0..<6).map { _ in
            let client = service.client()
            try client.connect(receiveBuffer: 4096)
            try client.begin("GET", model.path + "/classes")
            return client
        }
        for path in paths {
            let reply = try model.client.send("GET", path)
            #expect(reply.status == 200, "\(path): \(reply.text.prefix(200))")
            let head = try model.client.send("HEAD", path)
            // Ages and times of day differ in their length.
            if path.contains("classes") || path.hasPrefix("/v2/models/m") {
                #expect(head.status == 200 && head.fields["content-length"] == reply.fields["content-length"], "\(path)")
            }
            #expect(try service.client().send("GET", "/healthz").status == 200)
        }
        #expect(try model.client.send("POST", "/v2/repository/index", "{}").status == 200)
        // A prediction with long labels is not for a loop either.
        let most = min(200, Self.classes)
        let top = try model.predict([[1], [2]], top: most)
        #expect(top.status == 200 && top.body.count > 2 * most * 5000)
        let inference = try model.client.send(
            "POST", "/v2/models/m/infer",
            #"{"inputs":[{"name":"features","datatype":"FP32","shape":[1,1],"data":[1]}],"#
                + #""outputs":[{"name":"score","parameters":{"classification":\#(most)}}]}"#
        )
        #expect(inference.status == 200 && inference.body.count > most * 5000)
        #expect(try model.client.send("PATCH", model.path, #"{"ridge":0.5}"#)["evaluation"]["classes"].array?.count == Self.classes)
        let largest = service.service.server.statistics.largestInlineAnswer
        #expect(largest <= ServiceLimits().inlineAnswer + 6200, "a loop has written \(largest) bytes")
        for client in slow { client.disconnect(byReset: true) }
        #expect(service.wait { service.answerMemory == 0 })
    }

    @Test func longAnswersAreWhole() throws {
        let (service, model) = try service()
        try learnAll(model)
        let classes = try model.client.send("GET", model.path + "/classes")
        #expect(classes["classes"].array?.map { $0["label"].string } == (0..<Self.classes).map(Self.label))
        #expect(classes["next"] == .null && !classes.text.contains("\"next\""))
        let metadata = try model.client.send("GET", "/v2/models/m")
        let list = try #require(metadata["outputs"][1]["parameters"]["labels"].string)
        #expect(try JSONValue(parsing: list).array?.map(\.string) == (0..<Self.classes).map(Self.label))
        withExtendedLifetime(service) {}
    }

    /// Unread answers use up their share of the memory: the next reader is refused, and changes are still answered.
    @Test func unreadAnswersTakeNoMoreThanTheirMemory() throws {
        let (service, model) = try service(answerMemory: 512 << 10)
        // Their answer exceeds a socket's buffer.
        try learnAll(model, count: 900)
        let slow = try (0..<12).map { _ in
            let client = service.client()
            try client.connect(receiveBuffer: 4096)
            try client.begin("GET", model.path)
            return client
        }
        let refused = service.wait { (try? service.client().send("HEAD", model.path + "/classes").status) == 200 }
        #expect(refused)
        // Each holds its share only once its socket is full.
        let isRefused = (0..<100).contains { _ in
            usleep(20_000)
            return (try? service.client().send("GET", model.path).status) == 503
        }
        #expect(isRefused)
        // Data of a connection is counted with it, and cannot be refused.
        #expect(service.answerMemory <= 8 << 20)
        #expect(try model.learn([[1]], ["told"]).status == 200)
        for client in slow { client.disconnect(byReset: true) }
        #expect(service.wait { service.answerMemory == 0 })
        #expect(try model.client.send("GET", model.path).status == 200)
    }

    @Test func classesComeInPages() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":1}"#)
        let labels = ["b", "a/1", "é", "e\u{301}", "c&d", "z", "\u{1F600}"]
        try model.learn([[Double]](repeating: [1], count: labels.count), labels)
        func page(_ query: String) throws -> Reply { try model.client.send("GET", model.path + "/classes" + query) }
        let all = try page("")
        #expect(!all.text.contains("\"next\""))
        for limit in [1, 2, 3, 7, 100] {
            var seen: [String] = []
            var query = "?limit=\(limit)"
            while true {
                let reply = try page(query)
                #expect(reply.status == 200, "\(reply.text)")
                let part = reply["classes"].array ?? []
                #expect(part.count <= limit)
                seen += part.compactMap { $0["label"].string }
                guard let next = reply["next"].string else { break }
                #expect(next.utf8.elementsEqual(seen.last?.utf8 ?? "".utf8))
                query = "?limit=\(limit)&after=" + next.utf8.map { String(format: "%%%02X", $0) }.joined()
            }
            #expect(seen.map { Array($0.utf8) } == labels.map { Array($0.utf8) }, "by \(limit)")
        }
        let rest = try page("?after=z")
        #expect(rest["classes"].array?.count == 1 && rest.text.contains("\"next\":null"))
        #expect(try page("?after=%F0%9F%98%80")["classes"].array?.isEmpty == true)
        for (query, status, name) in [
            ("?after=nobody", 404, "nobody"), ("?after=", 400, "\"after\""), ("?after=%FF", 400, "UTF-8"),
            ("?limit=0", 400, "at least 1"),
            ("?limit=-1", 400, "at least 1"), ("?limit=x", 400, "limit"), ("?limit=", 400, "limit"), ("?limit=+1", 400, "limit"),
            ("?limit=99999999999999999999", 400, "limit"), ("?limit=1&limit=2", 400, "twice"), ("?before=a", 400, "before"),
        ] {
            let reply = try page(query)
            #expect(reply.status == status && reply.problemDetail.contains(name), "\(query): \(reply.text)")
        }
    }
}
