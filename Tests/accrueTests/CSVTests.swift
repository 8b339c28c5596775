import Foundation
import TensorFormats
import Testing

@testable import CommandSupport
@testable import accrue

/// Tables: what is read from them, and how a mistake is reported.
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
        // A column whose name is a number, with a first line known to be a header.
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
        ("1,2,x\n1,2,\n", "line 2, column 3: the label is empty"),
        ("1,2,x\n1,2,\"x", "line 2, column 3: the closing quotation mark is missing"),
        ("1,2,x\n1,\"2\"5,x\n", "line 2, column 3: unexpected text after the closing quotation mark"),
        ("1,b,x\n1,2,x\n", "line 1, column 2: \"b\" is not a number, but column 1 has one; use --header"),
        ("\n\n", "has no rows"), ("1,2,\(String(repeating: "x", count: 1025))\n", "column 3: the label is longer than 1024"),
    ]) func mistakesAreNamedByLineAndColumn(_ text: String, _ expected: String) {
        let said = message { _ = try read(text) }
        #expect(said.contains(expected), "\(said)")
    }

    @Test(arguments: ["Label", "LABEL", "label"]) func theLabelsNameMayHaveCapitals(_ name: String) throws {
        let first = try read("\(name),f0,f1\ncat,0.1,0.9\ndog,0.8,0.2\n")
        #expect(first.features == [0.1, 0.9, 0.8, 0.2] && first.labelTexts == ["cat", "dog"])
        let last = try read("f0,f1,\(name)\n0.1,0.9,cat\n0.8,0.2,dog\n")
        #expect(last.features == [0.1, 0.9, 0.8, 0.2] && last.labelTexts == ["cat", "dog"])
        // An exact match takes precedence.
        #expect(try read("Label,f0,label\nx,1,cat\n", "--drop", "Label").labelTexts == ["cat"])
        #expect(try read("KIND,f0\nx,1\n", "--label-column", "kind").labelTexts == ["x"])
    }

    @Test(arguments: [
        "0,1,2\n0.1,0.9,cat\n0.8,0.2,dog\n", "1,2,3\n0.1,0.9,cat\n0.8,0.2,dog\n", "0,1,2\n0.1,0.9,3\n0.8,0.2,4\n",
        "0,1\n0.5,cat\n7,dog\n", "0,1,2\n5,6,cat\n7,8,dog\n",
    ]) func columnNumbersAreAHeader(_ text: String) throws { #expect(try read(text).rows == 2) }

    @Test func anIndexWithoutANameIsAHeaderWithColumnNumbers() throws {
        let rows = try read(",0,1,2\n0,0.1,0.9,cat\n1,0.8,0.2,dog\n", "--drop", "1")
        #expect(rows.features == [0.1, 0.9, 0.8, 0.2] && rows.labelTexts == ["cat", "dog"])
    }

    @Test func whatMayBeAHeaderOrARowIsAskedAbout() throws {
        let text = "0,1,2\n3,5,4\n"
        #expect(message { _ = try read(text) }.contains("0,1,2, may be a header of column numbers or a row; use --header or --no-header"))
        #expect(try read(text, "--no-header").rows == 2)
        #expect(try read(text, "--header").rows == 1)
        // A first line of such numbers alone, or beside similar ones, is a row.
        #expect(try read("1,2,3\n").rows == 1)
        #expect(try read("0,1,2\n1,2,3\n").rows == 2)
        #expect(try read("1,2\n0.5,4\n").rows == 2)
    }

    @Test func columnsAreLeftOut() throws {
        #expect(try read("id,a,b,label\n7,1,2,x\n", "--drop", "id, 3").features == [1])
        #expect(try read("7,1,2,x\n", "--drop", "1,-2").features == [1])
        #expect(try read("7,1,x,2\n", "--drop", "-1", "--no-header").labelTexts == ["x"])
        #expect(message { _ = try read("a,label\n1,x\n", "--drop", "label") }.contains("column 2 is the label and cannot be dropped"))
        #expect(message { _ = try read("a,label\n1,x\n", "--drop", "b") }.contains("no column \"b\""))
        #expect(message { _ = try read("1,x\n", "--drop", "4") }.contains("no column 4 for --drop"))
    }

    private func warnings(_ text: String, _ options: String..., size: Int = 1000) throws -> [String] {
        let path = try scratch.file("t.csv", text)
        let source = try RowInput(ParsedArguments(options, options: RowInput.options), path: path).open(needsLabels: true, dimension: nil)
        var result: [String] = []
        var batch = RowBatch()
        while try source.read(size, into: &batch) > 0 { result += source.takeWarnings() }
        return result + source.takeWarnings()
    }

    @Test func aColumnOfRowNumbersIsWarnedAbout() throws {
        let text = ",f0,f1,label\n0,0.1,0.9,cat\n1,0.8,0.2,dog\n"
        for size in [1, 2, 1000] {
            let warnings = try warnings(text, size: size)
            #expect(warnings.count == 1 && warnings[0].contains("column 1, which has no name, looks like row numbers"), "\(warnings)")
            #expect(warnings.first?.contains("--drop 1") == true)
        }
        #expect(try warnings(text, "--drop", "1").isEmpty)
        let long = (0..<50).map { "\($0),0.5,cat" }.joined(separator: "\n")
        #expect(try warnings(long + "\n").count == 1)
        #expect(try warnings("index,f0,label\n" + long + "\n").isEmpty)
        #expect(try warnings("Unnamed: 0,f0,label\n" + long + "\n").count == 1)
        #expect(try warnings(",f0,label\n0,1,a\n2,1,b\n").isEmpty)
        #expect(try warnings("0,5,a\n1,6,b\n").isEmpty)
        let said = message { _ = try read(text, dimension: 2) }
        #expect(said.contains("the model takes 2; column 1 has no name: leave it out with --drop 1"), "\(said)")
    }

    @Test(arguments: [
        ("f0;f1;label\n0,1;0,9;cat\n", "separated by semicolons and have decimal commas"),
        ("0,1;0,9;cat\n0,8;0,2;dog\n", "separated by semicolons and have decimal commas"),
        ("f0;f1;label\n0.1;0.9;cat\n", "separated by semicolons; use --separator ';'"),
        ("f0\tf1\tlabel\n0.1\t0.9\tcat\n", "separated by tabs; use --format tsv"),
        ("f0\tlabel\n0,1\tcat\n", "separated by tabs and have decimal commas"),
        ("f0|label\n0.1|cat\n", "separated by bars; use --separator '|'"),
        ("f0,label\n\"0,1\",cat\n", "line 2, column 1 (f0): \"0,1\", expected a decimal point"),
    ]) func otherSeparatorsAreNamed(_ text: String, _ expected: String) {
        let said = message { _ = try read(text) }
        #expect(said.contains(expected), "\(said)")
    }

    @Test func theSeparatorCanBeSaid() throws {
        #expect(try read("f0;f1;label\n0.1;0.9;cat\n", "--separator", ";").features == [0.1, 0.9])
        #expect(message { _ = try read("f0;label\n0,1;cat\n", "--separator", ";") }.contains("\"0,1\", expected a decimal point"))
        #expect(message { _ = try read("1;2\n", "--separator", ".") }.contains("--separator must be one of"))
        // A label may contain a separator of other formats.
        #expect(try read("1,2,a;b\n").labelTexts == ["a;b"])
        let path = try scratch.file("t.tsv", "1,2,x\n")
        #expect(message { _ = try input(path).open(needsLabels: true, dimension: nil) }.contains("separated by commas; use --format csv"))
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
        #expect(message { _ = try read("1,2,x\n", dimension: 5) }.contains("rows of 2 features, but the model takes 5"))
    }
}
