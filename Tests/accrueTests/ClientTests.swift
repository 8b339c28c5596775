import AnalyticLearning
import Foundation
import TensorFormats
import Testing

@testable import CommandSupport
@testable import accrue

/// The server's URL, the token, and retries.
@Suite struct ClientTests {
    @Test(
        arguments: [
            ("http://127.0.0.1:8080", "127.0.0.1", 8080, "", "127.0.0.1:8080"), ("HTTP://host", "host", 80, "", "host:80"),
            ("http://[::1]:9/", "::1", 9, "", "[::1]:9"), ("http://[::1]", "::1", 80, "", "[::1]:80"),
            ("http://a.example:1/models/", "a.example", 1, "/models", "a.example:1"),
        ] as [(String, String, UInt16, String, String)]) func addresses(
            _ text: String, _ host: String, _ port: UInt16, _ prefix: String, _ authority: String
        ) throws
    {
        let url = try ServerURL(text)
        #expect(url.host == host && url.port == port && url.prefix == prefix && url.authority == authority)
    }

    @Test(arguments: [
        "https://host", "host:8080", "http://", "http://:80", "http://host:0", "http://host:x", "http://host:70000", "http://[::1",
        "http://[::1]x", "http://user@host", "http://host/?q", "http://host/#f", "http://ho st", "http://host\r\nX: y",
    ]) func whatIsNoAddressIsRefused(_ text: String) { #expect(throws: UsageError.self) { try ServerURL(text) } }

    @Test func segmentsAreEncoded() { #expect(ServerURL.segment("a/b c%\u{e9}-._~9") == "a%2Fb%20c%25%C3%A9-._~9") }

    @Test(
        arguments: [
            ("secret\n", "secret"), ("\n# a comment\n  secret  \n", "secret"), ("read r1\nwrite w1\n", "w1"), ("read r1\n", "r1"),
            ("", nil), ("# nothing\n", nil),
        ] as [(String, String?)]) func tokensOfFiles(_ text: String, _ token: String?)
    { #expect(ClientSettings.token(in: text) == token) }

    @Test func optionsGoBeforeTheEnvironment() throws {
        let options = ClientSettings.options
        let environment = ["ACCRUE_URL": "http://env:1", "ACCRUE_TOKEN": "t"]
        let settings = try ClientSettings(ParsedArguments([], options: options), environment: environment)
        #expect(settings.url.host == "env" && settings.http.token == "t")
        let given = try ClientSettings(ParsedArguments(["--url", "http://given:2"], options: options), environment: environment)
        #expect(given.url.host == "given")
        #expect(try ClientSettings(ParsedArguments([], options: options), environment: [:]).url.port == 8080)
        #expect(
            message { _ = try ClientSettings(ParsedArguments([], options: options), environment: ["ACCRUE_TOKEN": "a\nb"]) }.contains(
                "ACCRUE_TOKEN"))
        #expect(message { _ = try ClientSettings(ParsedArguments(["--token-file", "/nowhere"], options: options)) }.contains("/nowhere"))
    }

    @Test func waitsGrowUpToABoundAndRetryAfterIsTheLeast() {
        let policy = RetryPolicy()
        #expect((1...8).map { policy.delay(attempt: $0, retryAfter: nil, random: 1) } == [0.5, 1, 2, 4, 8, 15, 15, 15])
        #expect(policy.delay(attempt: 3, retryAfter: nil, random: 0) == 0)
        #expect(policy.delay(attempt: 1, retryAfter: "7", random: 0.5) == 7.25)
        #expect(policy.delay(attempt: 1, retryAfter: "999999", random: 0) == 300)
        #expect(policy.delay(attempt: 1, retryAfter: "Wed, 21 Oct 2026 07:28:00 GMT", random: 1) == 0.5)
        #expect(policy.delay(attempt: 1_000_000, retryAfter: nil, random: 1) == 15)
        for status in [200, 400, 401, 404, 409, 413, 415, 422, 500] { #expect(!RetryPolicy.isTemporary(status)) }
    }

    @Test func evaluationCountsClassesAlike() {
        var evaluation = Evaluation()
        #expect(evaluation.accuracy == nil && evaluation.balancedAccuracy == nil)
        for _ in 0..<9 { evaluation.add(expected: "a", predicted: "a") }
        evaluation.add(expected: "b", predicted: "a")
        #expect(evaluation.accuracy == 0.9 && evaluation.balancedAccuracy == 0.5)
    }

    @Test func evaluationTellsTwoSpellingsApart() throws {
        for (one, other) in [("caf\u{e9}", "cafe\u{301}"), ("\u{ac00}", "\u{1100}\u{1161}")] {
            let (expected, predicted) = (try Label(one), try Label(other))
            var evaluation = Evaluation()
            for _ in 0..<6 { evaluation.add(expected: expected, predicted: predicted) }
            #expect(evaluation.rows == 6 && evaluation.right == 0 && evaluation.accuracy == 0 && evaluation.balancedAccuracy == 0)
            #expect(evaluation.text.contains("0 of 6 rows") && evaluation.text.contains("(2 classes, 1 of them with rows)"))
            #expect(try JSONValue(parsing: evaluation.json).object?["classes"]?.int == 2)
            evaluation.add(expected: predicted, predicted: predicted)
            #expect(evaluation.right == 1 && evaluation.balancedAccuracy == 0.5 && evaluation.text.contains("(2 classes)"))
        }
    }

    @Test func evaluationNamesLabelsThatAreNoClasses() throws {
        var evaluation = Evaluation()
        for label in ["1.0", "2.0", "1.0", "3"] { evaluation.add(expected: try Label(label), predicted: Label("1")) }
        evaluation.add(expected: Label("1"), predicted: Label("1"))
        #expect(evaluation.neverPredicted.map(\.text) == ["1.0", "2.0", "3"])
        #expect(evaluation.text.hasPrefix("accuracy: "))
        evaluation.compare(with: [Label("1"), Label("3")])
        #expect(evaluation.text.hasPrefix("labels unknown to the model: 1.0, 2.0 (3 rows, none of which can be right)\naccuracy: 0.2"))
        let object = try JSONValue(parsing: evaluation.json).object
        #expect(object?["unknown_labels"]?.array?.compactMap(\.string) == ["1.0", "2.0"] && object?["unknown_rows"]?.int == 3)
    }

    @Test func rejectedRowsHaveNoLabel_andNoveltyAndSetsAreColumns() throws {
        let answer =
            #"{"predictions":[{"label":null,"score":0.5,"rejected":true,"novelty":0.25,"set":[]},"#
            + #"{"label":"a","score":0.75,"rejected":false,"novelty":null,"set":["a","b"]}]}"#
        let reply = try PredictReply(
            HTTPClient.Response(status: 200, body: Array(answer.utf8)), rows: 2)
        var batch = RowBatch()
        batch.rows = 2
        func text(_ format: PredictionText.Format) throws -> String {
            let text = PredictionText(
                format: format, top: 1, hasLabels: false, hasProbabilities: false, hasNovelty: true, mayReject: true, hasSets: true)
            return try text.header + String(decoding: text.lines(batch, reply), as: UTF8.self)
        }
        #expect(try text(.csv) == "row,label,score,novelty,set\n0,,0.5,0.25,[]\n1,a,0.75,,\"[\"\"a\"\",\"\"b\"\"]\"\n")
        #expect(try text(.labels) == "\na\n")
        #expect(
            try text(.ndjson) == #"{"row":0,"label":null,"score":0.5,"rejected":true,"novelty":0.25,"set":[]}"# + "\n"
                + #"{"row":1,"label":"a","score":0.75,"rejected":false,"novelty":null,"set":["a","b"]}"# + "\n")
        var evaluation = Evaluation()
        for row in reply.rows { evaluation.add(expected: Label("a"), predicted: row.best.label) }
        #expect(evaluation.right == 1 && evaluation.rejected == 1 && evaluation.text.contains("rejected: 1 row"))
    }

    @Test func tableFieldsAreQuotedWhereTheyMust() {
        #expect(PredictionText.quote("a b") == "a b")
        #expect(PredictionText.quote("a,b") == "\"a,b\"")
        #expect(PredictionText.quote("a\"b\n") == "\"a\"\"b\n\"")
        #expect(PredictionText.quote(" a") == "\" a\"")
    }
}
