import Foundation
import TensorFormats
import Testing

@testable import accrue

/// NDJSON and arrays, with any file names.
@Suite struct InputTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func npy(_ descr: String, _ shape: String, isColumnMajor: Bool = false, _ data: [UInt8]) -> [UInt8] {
        var header = "{'descr': '\(descr)', 'fortran_order': \(isColumnMajor ? "True" : "False"), 'shape': \(shape), }"
        while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
        header += "\n"
        let length = header.utf8.count
        return [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(header.utf8) + data
    }

    private func bytes(_ values: [Double]) -> [UInt8] { values.withUnsafeBytes(Array.init) }

    @Test func linesAreRead() throws {
        let text = #"{"features":[1,2.5],"label":"a"}"# + "\n\n" + #"{"label":7,"features":[-3,4]}"#
        let rows = try input(try scratch.file("rows", text)).open(needsLabels: true, dimension: 2).readAll(1)
        #expect(rows.features == [1, 2.5, -3, 4])
        #expect(rows.labelTexts == ["a", "7"])
    }

    @Test(arguments: [
        ("{\"features\":[1,2],\"label\":\"a\"}\n{\"features\":[1],\"label\":\"a\"}", "line 2: features has 1 value, expected 2"),
        ("{\"features\":[1],\"label\":\"a\"}\n{\"features\":[1]}", "line 2: \"label\" is missing"),
        ("{\"features\":[1]}", "has no labels"), ("{\"features\":[1],\"label\":\"\"}", "line 1: \"label\" is empty"),
        ("{\"features\":[1],\"label\":\"a\",\"x\":1}", "line 1: \"x\" is not a known key"),
        ("{\"features\":[1],\"label\":\"a\"}\n{\"features\":[1e60],\"label\":\"a\"}", "line 2: features[0] is 1e60"),
        ("{\"features\":[1],\"label\":\"a\"}\n{\"label\":\"a\"}", "line 2: \"features\" is missing"),
        ("{\"features\":[1],\"label\":\"a\"", "line 1"), ("{\"features\":[],\"label\":\"a\"}", "rows without features"),
    ]) func mistakesInLinesAreNamed(_ text: String, _ expected: String) throws {
        let path = try scratch.file("t.ndjson", text)
        let said = message { _ = try input(path).open(needsLabels: true, dimension: nil).readAll() }
        #expect(said.contains(expected), "\(said)")
    }

    @Test func arraysAreReadInSlicesByRowsAndByColumns() throws {
        let labels = try scratch.file("labels.txt", "a\nb\nc\n")
        let byRows = try scratch.file("c.npy", npy("<f8", "(3, 2)", bytes([1, 2, 3, 4, 5, 6])))
        let byColumns = try scratch.file("f.npy", npy("<f8", "(3, 2)", isColumnMajor: true, bytes([1, 3, 5, 2, 4, 6])))
        for path in [byRows, byColumns] {
            let source = try input(path, "--labels", labels).open(needsLabels: true, dimension: 2)
            #expect(source.rowCount == 3)
            let rows = try source.readAll(2)
            #expect(rows.features == [1, 2, 3, 4, 5, 6])
            #expect(rows.labelTexts == ["a", "b", "c"])
        }
    }

    @Test func aValueOutOfRangeIsNamedByItsRowInTheWholeArray() throws {
        let path = try scratch.file("c.npy", npy("<f8", "(3, 2)", bytes([1, 2, 3, 4, 5, .nan])))
        let labels = try scratch.file("labels.npy", npy("<i8", "(3,)", [Int64](1...3).withUnsafeBytes(Array.init)))
        let source = try input(path, "--labels", labels).open(needsLabels: true, dimension: nil)
        var batch = RowBatch()
        #expect(try source.read(2, into: &batch) == 2)
        #expect(message { _ = try source.read(2, into: &batch) }.contains("features[2][1] is nan"))
        #expect(batch.labelTexts == ["1", "2"])
    }

    @Test func asManyLabelsAsRowsAreNeeded() throws {
        let path = try scratch.file("c.npy", npy("<f8", "(2, 1)", bytes([1, 2])))
        for (text, expected) in [("a\n", "has 1 labels, but there are more rows"), ("a\nb\nc\n", "has more labels than the 2 rows")] {
            let labels = try scratch.file("labels.txt", text)
            let said = message { _ = try input(path, "--labels", labels).open(needsLabels: true, dimension: nil).readAll() }
            #expect(said.contains(expected), "\(said)")
        }
        #expect(message { _ = try input(path).open(needsLabels: true, dimension: nil) }.contains("give them with --labels"))
    }

    @Test func surplusLabelsAreNoticedWhateverTheRowsAre() throws {
        let three = try scratch.file("three.npy", npy("<i8", "(3,)", [Int64](1...3).withUnsafeBytes(Array.init)))
        let two = try scratch.file("two.npy", npy("<i8", "(2,)", [Int64](1...2).withUnsafeBytes(Array.init)))
        for (name, text) in [("t.csv", "1\n2\n"), ("t.ndjson", "{\"features\":[1]}\n{\"features\":[2]}\n")] {
            let path = try scratch.file(name, text)
            for size in [1, 2, 3] {
                #expect(try input(path, "--labels", two).open(needsLabels: true, dimension: 1).readAll(size).labelTexts == ["1", "2"])
                let said = message { _ = try input(path, "--labels", three).open(needsLabels: true, dimension: 1).readAll(size) }
                #expect(said.contains("has 3 labels, but there are only 2 rows"), "\(said)")
            }
        }
    }

    @Test func aBlankLineAmongLabelsIsRefusedAndOnesBehindThemAreNot() throws {
        let path = try scratch.file("c.npy", npy("<f8", "(2, 1)", bytes([1, 2])))
        for text in ["a\nb", "a\nb\n", "a\r\nb\r\n\r\n", "a\nb\n\n \n"] {
            let labels = try scratch.file("labels.txt", text)
            #expect(try input(path, "--labels", labels).open(needsLabels: true, dimension: 1).readAll(1).labelTexts == ["a", "b"])
        }
        for (text, line) in [("\na\nb\n", 1), ("a\n\nb\n", 2), ("a\n \t\r\nb\n", 2)] {
            let labels = try scratch.file("labels.txt", text)
            for size in [1, 2] {
                let said = message { _ = try input(path, "--labels", labels).open(needsLabels: true, dimension: 1).readAll(size) }
                #expect(said.contains("line \(line) is blank"), "\(said)")
            }
        }
    }

    @Test func aBatchIsTheSameRowsAsSafetensors() throws {
        var batch = RowBatch()
        (batch.rows, batch.features) = (2, [1.5, .pi, 2, -3])
        for label in ["a\"b", "7"] { batch.labels.append(label) }
        for isSingle in [false, true] {
            batch.isSinglePrecision = isSingle
            let path = try scratch.file("b.safetensors", batch.safetensors(dimension: 2))
            let source = try input(path).open(needsLabels: true, dimension: 2)
            #expect(source.isSinglePrecision == isSingle)
            let rows = try source.readAll()
            #expect(rows.features == (isSingle ? batch.features.map { Double(Float($0)) } : batch.features))
            #expect(rows.labelTexts == ["a\"b", "7"])
        }
    }

    @Test(arguments: [
        ("a.CSV", InputFormat.csv), ("a.tab", .tsv), ("a.jsonl", .ndjson), ("x/a.npz", .npz), ("a.safetensors", .safetensors),
    ]) func namesTellTheFormat(_ name: String, _ format: InputFormat) { #expect(InputFormat(name: name) == format) }

    @Test func firstBytesTellTheFormat() throws {
        #expect(InputFormat(name: "data") == nil)
        func format(_ start: [UInt8]) throws -> InputFormat { try InputFormat(given: nil, start: start[...], path: "data", name: "data") }
        #expect(try format([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0]) == .npy)
        #expect(try format([0x50, 0x4B, 5, 6]) == .npz)
        #expect(try format([64, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x22]) == .safetensors)
        #expect(try format(Array("\n {\"features\"".utf8)) == .ndjson)
        #expect(try format([0xEF, 0xBB, 0xBF] + Array("{\"features\"".utf8)) == .ndjson)
        #expect(try format(Array("1,2,3".utf8)) == .csv)
        #expect(try format([]) == .csv)
    }

    @Test func elementsOfOtherTypesAreTheirValues() throws {
        let labels = try scratch.file("labels.txt", "a\nb\n")
        for (type, data, isSingle) in [
            ("<f2", [Float16(1), 2, 3, 4].withUnsafeBytes(Array.init), true), ("|i1", [1, 2, 3, 4], true),
            ("<i4", [Int32](1...4).withUnsafeBytes(Array.init), false), (">u2", [0, 1, 0, 2, 0, 3, 0, 4], true),
        ] as [(String, [UInt8], Bool)] {
            let source = try input(try scratch.file("c.npy", npy(type, "(2, 2)", data)), "--labels", labels)
                .open(needsLabels: true, dimension: 2)
            #expect(source.isSinglePrecision == isSingle)
            #expect(try source.readAll(1).features == [1, 2, 3, 4], "\(type)")
        }
        let inexact = npy("<i8", "(2, 1)", [1, Int64(1) << 53 + 1].withUnsafeBytes(Array.init))
        let source = try input(try scratch.file("i.npy", inexact), "--labels", labels).open(needsLabels: true, dimension: 1)
        #expect(message { _ = try source.readAll(1) }.contains("features[1][0] is 9007199254740993"))
        let none = npy("<f8", "(0, 2)", [])
        #expect(
            message { _ = try input(try scratch.file("n.npy", none), "--labels", labels).open(needsLabels: true, dimension: 2) }
                .contains("has no rows"))
    }

    @Test func whatCannotBeReadIsNamed() {
        #expect(message { _ = try input("/nowhere/rows.csv").open(needsLabels: true, dimension: nil) }.contains("/nowhere/rows.csv"))
        #expect(message { _ = try input(scratch.path).open(needsLabels: true, dimension: nil) }.contains("is a directory"))
    }
}
