import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Bodies that `learn` refuses: the answer names row, field and expected value, and nothing has changed.
@Suite struct LearnBadInputTests {
    private static let path = "/v1/models/m/learn"
    private static let deep = String(repeating: "[", count: 100_000)
    private static let deepObject = String(repeating: #"{"a":"#, count: 100_000)

    private static func learn(_ name: String, _ body: String, _ names: [String]) -> BadRequest {
        BadRequest(name, "POST", path, body, names: names)
    }

    static let texts = [
        learn("empty body", "", [#"the body is empty, expected a JSON object with "features" and "labels""#]),
        learn("white space only", " \t\r\n", [#"the body is empty, expected a JSON object with "features" and "labels""#]),
        learn("no JSON", "cat", ["the body", "expected"]),
        learn("array instead of object", "[]", ["the body", "an array", "an object"]),
        learn("string instead of object", #""x""#, ["the body", "a string", "an object"]),
        learn("truncated in a row", #"{"features":[[1,2],[3"#, ["features[1][0]", "expected"]),
        learn("truncated in a number", #"{"features":[[1,2],[3,4e"#, ["features[1][1]"]),
        learn("truncated in a key", #"{"featu"#, ["expected"]),
        learn("truncated in a label", #"{"features":[[1,2]],"labels":["ca"#, ["labels[0]"]),
        learn("truncated before the end", #"{"features":[[1,2]],"labels":["a"]"#, ["expected"]),
        learn("two values", #"{"features":[[1,2]],"labels":["a"]}{}"#, ["only white space"]),
        learn("two byte order marks", "\u{FEFF}\u{FEFF}" + #"{"features":[[1,2]],"labels":["a"]}"#, ["the body"]),
        learn("comment", #"{"features":[[1,2]],/**/"labels":["a"]}"#, ["expected"]),
        learn("single quotes", #"{'features':[[1,2]],'labels':['a']}"#, ["expected"]),
        learn("trailing comma", #"{"features":[[1,2],],"labels":["a"]}"#, ["features", "expected"]),
        learn("deep nesting in features", #"{"features":"# + deep, ["features[0][0]", "a number"]),
        learn("deep nesting in labels", #"{"labels":"# + deep, ["labels[0]", "a string or an integer"]),
        learn("deep nesting of the body", deep, ["the body", "an object"]),
        learn("deep arrays in an unknown key", #"{"x":"# + deep, ["nested deeper than 64"]),
        learn("deep objects in an unknown key", #"{"x":"# + deepObject, ["nested deeper than 64"]),
        BadRequest(
            "invalid UTF-8", "POST", path, bytes: Array(#"{"features":[[1,2]],"labels":[""#.utf8) + [0xFF] + Array(#""]}"#.utf8),
            names: ["labels[0]", "UTF-8"]),
        BadRequest("octets of zero", "POST", path, bytes: [UInt8](repeating: 0, count: 64), names: ["the body"]),
    ]

    static let features = [
        learn("features missing", #"{"labels":["a"]}"#, ["\"features\" is missing", "2 numbers"]),
        learn("features a number", #"{"features":5,"labels":["a"]}"#, ["features", "a number", "an array"]),
        learn("features null", #"{"features":null,"labels":["a"]}"#, ["features", "null", "an array"]),
        learn("features an object", #"{"features":{},"labels":["a"]}"#, ["features", "an object", "an array"]),
        learn("a flat row", #"{"features":[1,2],"labels":["a"]}"#, ["features[0]", "a number", "an array of numbers"]),
        learn("a row null", #"{"features":[[1,2],null],"labels":["a","b"]}"#, ["features[1]", "null", "an array of numbers"]),
        learn("a value a string", #"{"features":[[1,2],[3,"4"]],"labels":["a","b"]}"#, ["features[1][1]", "a string", "a number"]),
        learn("a value null", #"{"features":[[null,2]],"labels":["a"]}"#, ["features[0][0]", "null", "a number"]),
        learn("a value true", #"{"features":[[1,true]],"labels":["a"]}"#, ["features[0][1]", "a boolean", "a number"]),
        learn("a value nested", #"{"features":[[1,[2]]],"labels":["a"]}"#, ["features[0][1]", "an array", "a number"]),
        learn("NaN", #"{"features":[[1,NaN]],"labels":["a"]}"#, ["features[0][1]", "a number"]),
        learn("Infinity", #"{"features":[[1,Infinity]],"labels":["a"]}"#, ["features[0][1]", "a number"]),
        learn("-Infinity", #"{"features":[[1,-Infinity]],"labels":["a"]}"#, ["features[0][1]"]),
        learn("1e999", #"{"features":[[1,2],[1,1e999]],"labels":["a","b"]}"#, ["features[1][1]", "1e999", "1e50"]),
        learn("-1e999", #"{"features":[[-1e999,2]],"labels":["a"]}"#, ["features[0][0]", "-1e999", "1e50"]),
        learn("400 digits", #"{"features":[[1,\#(String(repeating: "9", count: 400))]],"labels":["a"]}"#, ["features[0][1]", "1e50"]),
        learn("just above 1e50", #"{"features":[[1,1.000000000000001e50]],"labels":["a"]}"#, ["features[0][1]", "1e50"]),
        learn("just below -1e50", #"{"features":[[-1.000000000000001e50,1]],"labels":["a"]}"#, ["features[0][0]", "1e50"]),
        learn("plus sign", #"{"features":[[+1,2]],"labels":["a"]}"#, ["features[0][0]", "a number"]),
        learn("leading zero", #"{"features":[[01,2]],"labels":["a"]}"#, ["features[0][0]"]),
        learn("no digit after the point", #"{"features":[[1.,2]],"labels":["a"]}"#, ["features[0][0]"]),
        learn("hexadecimal", #"{"features":[[0x1,2]],"labels":["a"]}"#, ["features[0][0]"]),
        learn("no rows", #"{"features":[],"labels":[]}"#, ["\"features\"", "at least 1"]),
        learn("an empty row", #"{"features":[[]],"labels":["a"]}"#, ["features[0]", "0 values", "expected 2"]),
        learn("a short row", #"{"features":[[1,2],[3]],"labels":["a","b"]}"#, ["features[1]", "1 value,", "expected 2"]),
        learn("a long row", #"{"features":[[1,2],[3,4,5]],"labels":["a","b"]}"#, ["features[1]", "3 values", "expected 2"]),
        learn("wrong dimension", #"{"features":[[1,2,3]],"labels":["a"]}"#, ["features[0]", "3 values", "expected 2"]),
        learn("features twice", #"{"features":[[1,2]],"labels":["a"],"features":[[1,2]]}"#, ["\"features\"", "twice"]),
        learn("features twice, once escaped", #"{"features":[[1,2]],"labels":["a"],"\u0066eatures":[[1,2]]}"#, ["\"features\"", "twice"]),
    ]

    static let labels = [
        learn("labels missing", #"{"features":[[1,2]]}"#, ["\"labels\" is missing", "one label per row"]),
        learn("labels a string", #"{"features":[[1,2]],"labels":"a"}"#, ["labels", "a string", "an array"]),
        learn("labels null", #"{"features":[[1,2]],"labels":null}"#, ["labels", "null", "an array"]),
        learn("fewer labels", #"{"features":[[1,2],[3,4]],"labels":["a"]}"#, ["\"labels\"", "1 entries", "expected 2"]),
        learn("more labels", #"{"features":[[1,2]],"labels":["a","b"]}"#, ["\"labels\"", "2 entries", "expected 1"]),
        learn("label empty", #"{"features":[[1,2],[3,4]],"labels":["a",""]}"#, ["labels[1]", "1 to 1024 bytes"]),
        learn(
            "label of 1025 bytes", #"{"features":[[1,2]],"labels":["\#(String(repeating: "x", count: 1025))"]}"#,
            ["labels[0]", "1024 bytes"]),
        learn(
            "label of 1026 bytes in 513 characters", #"{"features":[[1,2]],"labels":["\#(String(repeating: "é", count: 513))"]}"#,
            ["labels[0]", "1024 bytes"]),
        learn(
            "label of 1025 escaped bytes", #"{"features":[[1,2]],"labels":["\#(String(repeating: "\\u0041", count: 1025))"]}"#,
            ["labels[0]", "1024"]),
        learn(
            "label of a million bytes", #"{"features":[[1,2]],"labels":["\#(String(repeating: "x", count: 1 << 20))"]}"#,
            ["labels[0]", "1024"]),
        learn(
            "integer of 1025 digits", #"{"features":[[1,2]],"labels":[\#(String(repeating: "9", count: 1025))]}"#, ["labels[0]", "1024"]),
        learn("label a fraction", #"{"features":[[1,2]],"labels":[1.5]}"#, ["labels[0]", "1.5", "an integer"]),
        learn("label with an exponent", #"{"features":[[1,2]],"labels":[1e3]}"#, ["labels[0]", "1e3", "an integer"]),
        learn("label null", #"{"features":[[1,2]],"labels":[null]}"#, ["labels[0]", "null", "a string or an integer"]),
        learn("label true", #"{"features":[[1,2]],"labels":[true]}"#, ["labels[0]", "a boolean", "a string or an integer"]),
        learn("label an array", #"{"features":[[1,2]],"labels":[["a"]]}"#, ["labels[0]", "an array", "a string or an integer"]),
        learn("half of a surrogate pair", #"{"features":[[1,2]],"labels":["\ud800"]}"#, ["labels[0]", "surrogate"]),
        learn("a raw line feed in a label", "{\"features\":[[1,2]],\"labels\":[\"a\nb\"]}", ["labels[0]", "control character"]),
        learn("labels twice", #"{"labels":["a"],"features":[[1,2]],"labels":["b"]}"#, ["\"labels\"", "twice"]),
        learn("unknown key", #"{"features":[[1,2]],"labels":["a"],"weights":[1]}"#, ["\"weights\"", "features, labels"]),
        learn("key in another case", #"{"Features":[[1,2]],"labels":["a"]}"#, ["\"Features\"", "features, labels"]),
    ]

    @Test(arguments: texts) func textThatIsNoRequestIsRefused(_ request: BadRequest) throws { try request.expectRefusal() }

    @Test(arguments: features) func badFeaturesAreNamed(_ request: BadRequest) throws { try request.expectRefusal() }

    @Test(arguments: labels) func badLabelsAreNamed(_ request: BadRequest) throws { try request.expectRefusal() }

    /// The same on a compute thread, where large bodies are scanned.
    @Test func badValueInALargeBodyIsNamed() throws {
        let rows = String(repeating: "[1,2],", count: 60_000)
        let labels = String(repeating: "\"a\",", count: 60_000)
        try BadRequest(
            "large", "POST", Self.path, #"{"features":[\#(rows)[1,"x"]],"labels":[\#(labels)"b"]}"#,
            names: ["features[60000][1]", "a number"]
        ).expectRefusal()
        try BadRequest(
            "large", "POST", Self.path, #"{"features":[\#(rows)[1,2]],"labels":[\#(labels)""]}"#, names: ["labels[60000]", "1024 bytes"]
        ).expectRefusal()
    }

    @Test func newClassesThatDoNotFitInMemoryAreRefusedWithTheirSize() throws {
        let service = try TestService { $0.host.maximumMemory = 3 << 20 }
        let model = ModelClient(service)
        #expect(try model.create(#"{"dimension":64}"#).status == 201)
        let row = [Double](repeating: 1, count: 64)
        #expect(try model.learn([row], ["first"]).status == 200)
        let before = try model.state(probe: row)
        let reserved = service.reservedBytes
        let rows = 1500
        let reply = try model.learn([[Double]](repeating: row, count: rows), (0..<rows).map { "new \($0)" })
        #expect(reply.status == 422)
        #expect(reply.problemDetail.contains("1500 new classes would take"), "\(reply.text)")
        #expect(reply.problemDetail.contains("\(3 << 20)"))
        #expect(try model.state(probe: row) == before)
        #expect(service.reservedBytes == reserved)
        #expect(try model.learn([row], ["second"])["classes"].int == 2)
    }

    @Test func unknownModelIsRefused() throws {
        for path in [
            "/v1/models/none/learn", "/v1/models/M/learn", "/v1/models/m%00/learn", "/v1/models/%6E%6f/learn", "/v1/models/%ff/learn",
        ] {
            let service = try TestService()
            let model = ModelClient(service)
            try model.create(#"{"dimension":2}"#)
            let reply = try model.client.send("POST", path, #"{"features":[[1,2]],"labels":["a"]}"#)
            #expect(reply.status == (path.contains("%00") ? 400 : 404), "\(path): \(reply.text)")
            #expect(!reply.problemDetail.isEmpty)
        }
    }

    @Test func emptySegmentIsNoModel() throws {
        let service = try TestService()
        #expect(try service.client().send("POST", "/v1/models//learn", "{}").status == 404)
    }

    // MARK: Limits of what is accepted

    @Test func labelsMayBeOf1024BytesAndIntegers() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        let long = String(repeating: "é", count: 512)
        let reply = try model.client.send(
            "POST", Self.path,
            #"{"labels":["\#(long)",-7,-0,12345678901234567890123,"\u0041\ud83d\ude00"],"features":[[1,2],[2,1],[3,1],[1,4],[1,5]]}"#)
        #expect(reply.status == 200, "\(reply.text)")
        #expect(reply["new_classes"].array?.compactMap(\.string) == [long, "-7", "0", "12345678901234567890123", "A😀"])
        #expect(try model.learn([[1, 1]], ["-7"])["classes"].int == 5)
    }

    @Test func featuresMayBeOfMagnitude1e50AndPredictionsStayFinite() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        // 1e39 exceeds Float32.
        for (row, label) in [
            ([1e39, 0], "a"), ([0, -1e39], "b"), ([1e50, 1], "c"), ([-1e50, -1e50], "d"), ([.leastNonzeroMagnitude, -0.0], "e"),
        ] {
            let reply = try model.learn([row], [label])
            #expect(reply.status == 200, "\(row): \(reply.text)")
        }
        for row in [[1e39, 0], [0, -1e39], [1e50, 1e50], [-1e50, 1e50], [3.4028236e38, 0]] {
            let reply = try model.predict([row, [1, 1]], top: 10)
            #expect(reply.status == 200, "\(row): \(reply.text)")
            for prediction in reply["predictions"].array ?? [] {
                for entry in prediction["top"].array ?? [] { #expect(entry["score"].double?.isFinite == true, "\(reply.text)") }
            }
            #expect(reply["predictions"].array?.count == 2)
        }
        #expect(try model.predict([[1e39, 0]])["predictions"][0]["label"].string != nil)
    }

    @Test func valuesBeyondFloat32AreToldApart() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        #expect(try model.learn([[1e39, 0], [0, 1e39]], ["right", "up"]).status == 200)
        let reply = try model.predict([[2e39, 1e38], [1e37, 3e39], [1e50, 0]])
        #expect(reply["predictions"].array?.compactMap { $0["label"].string } == ["right", "up", "right"], "\(reply.text)")
    }
}
