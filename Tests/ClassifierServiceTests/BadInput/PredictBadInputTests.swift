import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// What `predict` refuses.
@Suite struct PredictBadInputTests {
    private static let path = "/v1/models/m/predict"

    private static func predict(_ name: String, _ body: String, _ names: [String]) -> BadRequest {
        BadRequest(name, "POST", path, body, names: names)
    }

    static let requests = [
        predict("empty body", "", [#"the body is empty, expected a JSON object with "features""#]),
        predict("no JSON", "cat", ["the body", "expected"]),
        predict("truncated", #"{"features":[[1"#, ["features[0][0]"]),
        predict("deep nesting", #"{"features":"# + String(repeating: "[", count: 100_000), ["features[0][0]", "a number"]),
        predict("deep nesting in top", #"{"top":"# + String(repeating: "[", count: 100_000), ["top", "an integer"]),
        predict("features missing", #"{"top":1}"#, ["\"features\" is missing", "2 numbers"]),
        predict("no rows", #"{"features":[]}"#, ["\"features\"", "at least 1"]),
        predict("short row", #"{"features":[[1,2],[3]]}"#, ["features[1]", "1 value,", "expected 2"]),
        predict("long row", #"{"features":[[1,2,3]]}"#, ["features[0]", "3 values", "expected 2"]),
        predict("string", #"{"features":[["1",2]]}"#, ["features[0][0]", "a string", "a number"]),
        predict("1e999", #"{"features":[[1,1e999]]}"#, ["features[0][1]", "1e999", "1e50"]),
        predict("above 1e50", #"{"features":[[1,-1.000000000000001e50]]}"#, ["features[0][1]", "1e50"]),
        predict("above 1e50 behind a value beyond Float32", #"{"features":[[1e40,0],[1,2e50]]}"#, ["features[1][1]", "1e50"]),
        predict("no JSON behind a value beyond Float32", #"{"features":[[1e40,0],[1,x]]}"#, ["features[1][1]", "a number"]),
        predict("unknown key behind a value beyond Float32", #"{"features":[[1e40,0]],"x":1}"#, ["\"x\"", "features, top"]),
        predict("labels", #"{"features":[[1,2]],"labels":["a"]}"#, ["\"labels\"", "features, top"]),
        predict("features twice", #"{"features":[[1,2]],"features":[[1,2]]}"#, ["\"features\"", "twice"]),
        predict("top twice", #"{"features":[[1,2]],"top":1,"top":1}"#, ["\"top\"", "twice"]),
        predict("top zero", #"{"features":[[1,2]],"top":0}"#, ["\"top\"", "0", "at least 1"]),
        predict("top negative", #"{"features":[[1,2]],"top":-3}"#, ["\"top\"", "-3", "at least 1"]),
        predict("top a fraction", #"{"features":[[1,2]],"top":1.5}"#, ["top", "1.5", "an integer"]),
        predict("top a string", #"{"features":[[1,2]],"top":"3"}"#, ["top", "a string", "an integer"]),
        predict("top null", #"{"features":[[1,2]],"top":null}"#, ["top", "null", "an integer"]),
        predict("top beyond 64 bits", #"{"features":[[1,2]],"top":99999999999999999999}"#, ["top", "out of range"]),
        BadRequest(
            "unknown weights", "POST", path + "?weights=best", #"{"features":[[1,2]]}"#, names: ["\"weights\"", "plain or balanced"]),
        BadRequest("no top in the query", "POST", path + "?top=", #"{"features":[[1,2]]}"#, names: ["\"top\"", "digits"]),
        predict("prior twice", #"{"features":[[1,2]],"prior":"uniform","prior":"uniform"}"#, ["\"prior\"", "twice"]),
        predict("prior of another name", #"{"features":[[1,2]],"prior":"flat"}"#, ["\"prior\"", "\"flat\"", "\"uniform\""]),
        predict("prior a number", #"{"features":[[1,2]],"prior":0.5}"#, ["prior", "an object"]),
        predict("prior null", #"{"features":[[1,2]],"prior":null}"#, ["prior", "null", "an object"]),
        predict("empty prior", #"{"features":[[1,2]],"prior":{}}"#, ["\"prior\"", "at least one"]),
        predict("prior of zeros", #"{"features":[[1,2]],"prior":{"a":0,"b":0.0}}"#, ["\"prior\"", "only shares of 0"]),
        predict("negative share", #"{"features":[[1,2]],"prior":{"a":-0.5}}"#, ["\"prior\"", "\"a\"", "-0.5", "0 to 1"]),
        predict("share above 1", #"{"features":[[1,2]],"prior":{"a":1.5}}"#, ["\"prior\"", "\"a\"", "1.5", "0 to 1"]),
        predict("shares above 1", #"{"features":[[1,2]],"prior":{"a":0.8,"b":0.5}}"#, ["\"prior\"", "1.3", "at most 1"]),
        predict("share 1e999", #"{"features":[[1,2]],"prior":{"a":1e999}}"#, ["prior", "1e999"]),
        predict("share NaN", #"{"features":[[1,2]],"prior":{"a":NaN}}"#, ["prior", "'N'"]),
        predict("share a string", #"{"features":[[1,2]],"prior":{"a":"1"}}"#, ["prior", "a number"]),
        predict("label of a prior twice", #"{"features":[[1,2]],"prior":{"a":0.1,"\u0061":0.1}}"#, ["\"prior\"", "\"a\"", "twice"]),
        predict("unknown label in a prior", #"{"features":[[1,2]],"prior":{"c":0.5}}"#, ["\"prior\"", "\"c\"", "\"m\" does not know"]),
        predict("unknown label in a prior, in Float64", #"{"features":[[1e40,2]],"prior":{"c":0.5}}"#, ["\"c\"", "\"m\" does not know"]),
        predict("no label in a prior", #"{"features":[[1,2]],"prior":{"":0.5}}"#, ["\"prior\"", "\"\"", "does not know"]),
        BadRequest(
            "balance and prior", "POST", path + "?balance=0", #"{"features":[[1,2]],"prior":"uniform"}"#,
            names: ["\"balance\"", "\"prior\"", "one of them"]),
        BadRequest(
            "balanced weights that nobody set", "POST", path + "?weights=balanced", #"{"features":[[1,2]]}"#, 409,
            names: ["\"m\" has no balanced weights", "\"imbalance\" is none", "PATCH"]),
        BadRequest("no weights", "POST", path + "?weights=", #"{"features":[[1,2]]}"#, names: ["\"weights\"", "plain or balanced"]),
    ]

    /// Texts that `Int.init` would accept, or that look like numbers.
    static let tops = ["+3", "%2B3", "-0", "-3", "3.0", "%203", "3%20", "0", "0x3", "1e1", "99999999999999999999"].map { top in
        let text = top.replacingOccurrences(of: "%2B", with: "+").replacingOccurrences(of: "%20", with: " ")
        let names = ["\"top\"", "\"\(text)\"", "digits"]
        return BadRequest("top=\(top)", "POST", path + "?top=" + top, #"{"features":[[1,2]]}"#, names: names)
    }

    /// Texts that `Double.init` would accept, or that are out of range.
    static let balances = [
        "", "-0.1", "1.1", "2", "nan", "inf", "-inf", "1e999", ".5", "0x1p-1", "0.5f", "half", "null", "\"0.5\"", "0,5",
    ].map { text in
        BadRequest(
            "balance=\(text)", "POST", path + "?balance=" + text.replacingOccurrences(of: "\"", with: "%22"), #"{"features":[[1,2]]}"#,
            names: ["\"balance\"", "\"\(text)\"", "a number from 0 to 1"])
    }

    @Test(arguments: balances) func balanceIsANumberFrom0To1(_ request: BadRequest) throws { try request.expectRefusal() }

    @Test(arguments: tops) func topIsDigitsAlone(_ request: BadRequest) throws { try request.expectRefusal() }

    @Test(arguments: requests) func badRequestIsNamed(_ request: BadRequest) throws { try request.expectRefusal() }

    @Test func badValueInALargeBodyIsNamed() throws {
        let rows = String(repeating: "[1,2],", count: 40_000)
        try BadRequest("large", "POST", Self.path, #"{"features":[\#(rows)[1]]}"#, names: ["features[40000]", "1 value,", "expected 2"])
            .expectRefusal()
        try BadRequest("large", "POST", Self.path, #"{"features":[\#(rows)[1,2]],"top":0}"#, names: ["\"top\"", "at least 1"])
            .expectRefusal()
    }

    @Test func modelWithoutClassesAnswersConflict() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        let reply = try model.predict([[1, 2]])
        #expect(reply.status == 409)
        #expect(reply.problemDetail.contains("has no classes"))
    }

    @Test func unknownModelIsNotFound() throws {
        let service = try TestService()
        let reply = try ModelClient(service, "none").predict([[1, 2]])
        #expect(reply.status == 404)
        #expect(reply.problemDetail.contains("\"none\""))
    }
}
