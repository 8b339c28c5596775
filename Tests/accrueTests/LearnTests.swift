import Foundation
import TensorFormats
import Testing

@testable import CommandSupport
@testable import accrue

/// Keys, progress files and the account of a run.
@Suite struct LearnTests {
    @Test func noTwoRunsShareARequestKey() throws {
        #expect(try RunKey("a").request(12) == "a-12")
        #expect(try RunKey("a-1").request(2) != RunKey("a").request(12))
        #expect(RunKey() != RunKey())
        #expect(RunKey().request(.max).utf8.count + 2 <= 255)
        for text in ["", "two words", "\u{e9}", String(repeating: "k", count: 201)] {
            #expect(throws: UsageError.self) { try RunKey(text) }
        }
        #expect(try RunKey(String(repeating: "k", count: 200)).request(.max).utf8.count + 2 <= 255)
    }

    private func batch(_ features: [Double], _ labels: [String]) -> RowBatch {
        var batch = RowBatch()
        (batch.features, batch.rows) = (features, labels.count)
        for label in labels { batch.labels.append(label) }
        return batch
    }

    @Test func theHashIsThatOfTheRowsHoweverTheyAreCut() {
        var (whole, cut, other, moved) = (RowHash(), RowHash(), RowHash(), RowHash())
        whole.add(batch([1, 2, 3, 4], ["a", "b"]), dimension: 2)
        cut.add(batch([1, 2], ["a"]), dimension: 2)
        cut = RowHash(cut.value)
        cut.add(batch([3, 4], ["b"]), dimension: 2)
        other.add(batch([1, 2, 3, 5], ["a", "b"]), dimension: 2)
        moved.add(batch([1, 2, 3, 4], ["b", "a"]), dimension: 2)
        #expect(whole == cut)
        #expect(whole != other && whole != moved && other != moved)
    }

    @Test func aProgressFileSaysTheSameWhenItIsReadAgain() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/progress"
        #expect(try LearnProgress(contentsOf: path) == nil)
        var progress = LearnProgress(model: "m", key: try RunKey("k"), batchRows: 100)
        try progress.write(to: path)
        #expect(try LearnProgress(contentsOf: path) == progress)
        (progress.batches, progress.rows, progress.hash, progress.version, progress.samples) = (3, 250, RowHash(.max), 9, 300)
        try progress.write(to: path)
        #expect(try LearnProgress(contentsOf: path) == progress)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["progress"])
        for text in ["", "{}", "[1]", "{\"format\":2}"] {
            #expect(throws: InputError.self) { try LearnProgress(contentsOf: try scratch.file("progress", text)) }
        }
        #expect(message { try progress.write(to: "/nowhere/progress") }.contains("/nowhere/progress"))
    }

    @Test func labelsCannotCommandATerminal() throws {
        var tally = LearnTally()
        tally.add(
            try LearnReply(.init(status: 200, body: Array(#"{"version":1,"samples":1,"classes":1,"new_classes":["\u001b[2Jé\n"]}"#.utf8))),
            rows: 1, isKnown: false)
        let summary = LearnSummary(model: "m", key: try RunKey("k"), skippedRows: 0, tally: tally, seconds: 1)
        #expect(summary.text.contains(#"(\u001b[2Jé\n)"#))
        #expect(VisibleText.of("plain é 漢") == "plain é 漢")
        #expect(VisibleText.of("a\u{202e}\t\u{9b}\u{7f}") == #"a\u202e\t\u009b\u007f"#)
    }

    @Test func theTallyAddsUp() throws {
        func reply(_ text: String) throws -> LearnReply { try LearnReply(.init(status: 200, body: Array(text.utf8))) }
        var tally = LearnTally()
        tally.add(
            try reply(#"{"version":1,"samples":2,"classes":2,"new_classes":["a","b"],"accuracy_before":null}"#), rows: 2, isKnown: true)
        #expect(tally.accuracyBefore == nil)
        tally.add(try reply(#"{"version":2,"samples":5,"classes":2,"new_classes":[],"accuracy_before":1}"#), rows: 3, isKnown: false)
        tally.add(try reply(#"{"version":3,"samples":6,"classes":3,"new_classes":["c"],"accuracy_before":0}"#), rows: 1, isKnown: false)
        #expect(tally.rows == 6 && tally.knownRows == 2 && tally.accuracyBefore == 0.75 && tally.newClasses == ["a", "b", "c"])
        let summary = LearnSummary(model: "m", key: try RunKey("k"), skippedRows: 10, tally: tally, seconds: 2)
        #expect(
            summary.text == """
                learned 6 rows in 2.0 s (3 rows/s)
                2 of them were already learned and not learned again
                10 rows before them were already learned and not sent
                accuracy before they were learned: 0.75
                new classes: 3 (a, b, c)
                m: version 3, 6 samples, 3 classes
                """)
        let object = try JSONValue(parsing: summary.json).object
        #expect(object?["rows"]?.int == 6 && object?["known_rows"]?.int == 2 && object?["skipped_rows"]?.int == 10)
        #expect(throws: ServerUnavailable.self) { try reply("{}") }
    }

    @Test func labelsThatAreMeasurementsAreWarnedAbout() throws {
        func tally(_ labels: [String], rows: Int) throws -> LearnTally {
            let names = labels.map { "\"\($0)\"" }.joined(separator: ",")
            var tally = LearnTally()
            tally.add(
                try LearnReply(
                    .init(status: 200, body: Array("{\"version\":1,\"samples\":1,\"classes\":1,\"new_classes\":[\(names)]}".utf8))),
                rows: rows, isKnown: false)
            return tally
        }
        let numbers = (0..<60).map { "\(Double($0) / 7)" }
        #expect(try tally(numbers, rows: 60).labelWarning?.contains("60 rows created 60 classes") == true)
        #expect(try tally(numbers, rows: 600).labelWarning == nil)
        #expect(try tally((0..<60).map { "name \($0)" }, rows: 60).labelWarning == nil)
    }

    @Test func theLatestStateIsToldWhateverTheOrderOfTheAnswers() throws {
        func reply(_ version: Int, _ samples: Int) throws -> LearnReply {
            try LearnReply(.init(status: 200, body: Array("{\"version\":\(version),\"samples\":\(samples),\"classes\":1}".utf8)))
        }
        var tally = LearnTally()
        tally.add(try reply(20, 20_000), rows: 1, isKnown: false)
        tally.add(try reply(18, 17_952), rows: 1, isKnown: true)
        #expect(tally.last?.samples == 20_000)
        // Two requests that were learned as one block, answered in the other order.
        tally.add(try reply(20, 16_096), rows: 1, isKnown: false)
        #expect(tally.last?.samples == 20_000)
        let summary = LearnSummary(
            model: "m", key: try RunKey("k"), skippedRows: 0, tally: tally, seconds: 1, end: try reply(25, 30_000))
        #expect(summary.text.hasSuffix("m: version 25, 30,000 samples, 1 classes"))
        #expect(try JSONValue(parsing: summary.json).object?["samples"]?.int == 30_000)
    }

    @Test func aBatchIsNeverALargeBody() {
        #expect(LearnBatch.standard(1) == 1024)
        #expect(LearnBatch.standard(512) == 1024)
        #expect(LearnBatch.standard(4096) == 128)
        #expect(LearnBatch.standard(1 << 24) == 1)
    }

    @Test(arguments: [
        ("plain-1.csv", "plain-1.csv"), ("", "''"), ("two words", "'two words'"), ("it's", "'it'\\''s'"), ("$HOME", "'$HOME'"),
    ]) func wordsAreQuotedForAShell(_ word: String, _ expected: String) { #expect(ShellWord.quote(word) == expected) }
}
