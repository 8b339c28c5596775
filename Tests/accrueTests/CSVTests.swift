import Foundation
import TensorFormats
import Testing

@testable import accrue

/// Tables: what is read of them, and how a mistake is named.
@Suite struct CSVTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func read(_ text: String, _ options: String..., needsLabels: Bool = true, dimension: Int? = nil) throws -> RowBatch {
        let path = try scratch.file("t.csv", text)
        let input = try RowInput(ParsedArguments(options, options: RowInput.options), path: path)
        return try input.open(needsLabels: needsLabels, dimension: dimension).readAll()
    }

    @Test func headerAndLabelColumnAreFound() throws {
        let rows = try read("a,label,b\n1,x,2\n3.5,y,-4e2\n")
        #expect(rows.features == [1, 2, 3.5, -400])
        #expect(rows.labelTexts == ["x", "y"])
    }

    @Test func withoutHeaderTheLastColumnIsTheLabel() throws {
        let rows = try read("1,2,7\n3,4,8\n")
        #expect(rows.features == [1, 2, 3, 4])
        #expect(rows.labelTexts == ["7", "8"])
    }

    @Test func theLabelColumnIsGivenByNameOrNumber() throws {
        #expect(try read("kind,b\nx,2\n", "--label-column", "kind").labelTexts == ["x"])
        #expect(try read("x,2\ny,3\n", "--label-column", "1").labelTexts == ["x", "y"])
        #expect(try read("x,2,3\ny,3,4\n", "--label-column=1").features == [2, 3, 3, 4])
        #expect(try read("2,x,3\n3,y,4\n", "--label-column", "-2").labelTexts == ["x", "y"])
        // A column that is called by a number, where the first line is known to be a header.
        #expect(try read("2,1\n5,6\n", "--label-column", "2", "--header").labelTexts == ["5"])
    }

    @Test func numericColumnNamesAreAHeaderWhereOneIsTheLabel() throws {
        let rows = try read("0,1,label\n5,6,cat\n")
        #expect(rows.features == [5, 6])
        #expect(rows.labelTexts == ["cat"])
        #expect(try read("1,2\n3,4\n", "--header").rows == 1)
        #expect(try read("1,2\n3,4\n", "--no-header").rows == 2)
    }

    @Test func quotedFieldsHoldAnything() throws {
        let rows = try read("\u{FEFF}\"first\",\"label\"\r\n \"1\" ,\"a, \"\"b\"\"\nc\"\r\n\r\n2, plain text \r\n3,\"\u{e9}\"")
        #expect(rows.features == [1, 2, 3])
        #expect(rows.labelTexts == ["a, \"b\"\nc", "plain text", "\u{e9}"])
    }

    @Test func fieldsAreWholeWhereverThePiecesOfTheStreamEnd() throws {
        var text = "a,label\n"
        for row in 0..<60_000 { text += "\(Double(row) / 7),\"l \(row % 3)\"\n" }
        let rows = try read(text)
        #expect(rows.rows == 60_000)
        #expect(rows.features[59_999] == 59_999.0 / 7)
        #expect(rows.labelTexts[59_999] == "l 2")
    }

    @Test func tabsSeparateTSV() throws {
        let path = try scratch.file("t.tsv", "1\t2\tx, y\n")
        #expect(try input(path).open(needsLabels: true, dimension: nil).readAll().labelTexts == ["x, y"])
    }

    @Test func aModelTellsWhetherThereIsALabel() throws {
        #expect(try read("1,2,3\n", needsLabels: false, dimension: 3).labels.isEmpty)
        #expect(try read("1,2,3\n", needsLabels: false, dimension: 2).labelTexts == ["3"])
    }

    @Test(arguments: [
        ("a,b,label\n1,2,x\n1,oops,x\n", "t.csv, line 3, column 2 (b): \"oops\""),
        ("1,2,x\n1,,x\n", "line 2, column 2: \"\""), ("1,2,x\n1,nan,x\n", "line 2, column 2: \"nan\""),
        ("1,2,x\n1,0x10,x\n", "line 2, column 2: \"0x10\""), ("1,2,x\n1,1e51,x\n", "line 2, column 2: \"1e51\""),
        ("1,2,x\n1e999,1,x\n", "line 2, column 1: \"1e999\""), ("1,2,x\n1,2 3,x\n", "line 2, column 2: \"2 3\""),
        ("1,2,x\n\n1,2\n", "line 3: 2 columns, expected 3"), ("1,2,x\n1,2,3,x\n", "line 2: 4 columns, expected 3"),
        ("1,2,x\n1,2,\n", "line 2, column 3: the label is empty"), ("1,2,x\n1,2,\"x", "line 2, column 3: a quotation mark has no second"),
        ("1,2,x\n1,\"2\"5,x\n", "line 2, column 3: something follows the closing quotation mark"),
        ("1,b,x\n1,2,x\n", "line 1, column 2: \"b\" is no number, but column 1 has one; say --header"),
        ("", "has no rows"), ("1,2,\(String(repeating: "x", count: 1025))\n", "column 3: the label is longer than 1024"),
    ]) func mistakesAreNamedByLineAndColumn(_ text: String, _ expected: String) {
        let said = message { _ = try read(text) }
        #expect(said.contains(expected), "\(said)")
    }

    @Test func rowsBeforeAMistakeAreKept() throws {
        let source = try input(try scratch.file("t.csv", "1,x\n2,y\nz,z\n")).open(needsLabels: true, dimension: nil)
        var batch = RowBatch()
        #expect(message { _ = try source.read(10, into: &batch) }.contains("line 3, column 1"))
        #expect(batch.features == [1, 2] && batch.labelTexts == ["x", "y"])
    }

    @Test func aLabelColumnThatIsNotThereIsNamed() {
        #expect(message { _ = try read("a,b\n1,2\n", "--label-column", "kind") }.contains("no column \"kind\"; the first line is a, b"))
        #expect(message { _ = try read("1,2\n", "--label-column", "3") }.contains("no column 3"))
        #expect(message { _ = try read("1,2\n", "--label-column", "0") }.contains("no column 0"))
    }

    @Test func anotherDimensionThanTheModelsIsNamed() {
        #expect(message { _ = try read("1,2,x\n", dimension: 5) }.contains("rows of 2 features; the model takes 5"))
    }
}
