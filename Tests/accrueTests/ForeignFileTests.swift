import Foundation
import TensorFormats
import Testing

@testable import CommandSupport
@testable import accrue

/// Files of other programs' users: read, or named by their format.
@Suite struct ForeignFileTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private static let mark = "\u{FEFF}"

    private func said(_ name: String, _ bytes: [UInt8], _ options: String...) throws -> String {
        let path = try scratch.file(name, bytes)
        return message {
            _ = try RowInput(ParsedArguments(options, options: RowInput.options), path: path).open(needsLabels: true, dimension: nil)
                .readAll()
        }
    }

    private func said(_ name: String, _ text: String, _ options: String...) throws -> String {
        let path = try scratch.file(name, text)
        return message {
            _ = try RowInput(ParsedArguments(options, options: RowInput.options), path: path).open(needsLabels: true, dimension: nil)
                .readAll()
        }
    }

    @Test func marksAreNoPartOfTheText() throws {
        let lines = Self.mark + "{\"features\":[1],\"label\":\"cat\"}\n{\"features\":[2],\"label\":\"dog\"}\n"
        for name in ["a.ndjson", "rows"] {
            #expect(try input(try scratch.file(name, lines)).open(needsLabels: true, dimension: 1).readAll().labelTexts == ["cat", "dog"])
        }
        let rows = try scratch.file("a.csv", Self.mark + "f,label\n1,x\n2,y\n")
        #expect(try input(rows).open(needsLabels: true, dimension: 1).readAll().labelTexts == ["x", "y"])
        let labels = try scratch.file("labels.txt", Self.mark + "cat\ndog\n")
        let features = try scratch.file("b.csv", "1\n2\n")
        #expect(try input(features, "--labels", labels).open(needsLabels: true, dimension: 1).readAll().labelTexts == ["cat", "dog"])
        let object = try ModelSettings(
            ParsedArguments(["--create", Self.mark + "{\"dimension\": 2}"], options: ModelSettings.options("--create", "")), "--create")
        #expect(object.configuration?["dimension"]?.int == 2)
        let file = try scratch.file("c.json", Self.mark + "{\"dimension\": 3}")
        let other = try ModelSettings(ParsedArguments(["--create", file], options: ModelSettings.options("--create", "")), "--create")
        #expect(other.configuration?["dimension"]?.int == 3)
        let token = try scratch.file("token", Self.mark + "abc\n")
        let settings = try ClientSettings(ParsedArguments(["--token-file", token], options: ClientSettings.options), environment: [:])
        #expect(settings.http.token == "abc")
    }

    @Test(arguments: ["a.csv", "a.ndjson", "labels"]) func otherEncodingsAreNamed(_ name: String) throws {
        let bytes: [UInt8] = [0xFF, 0xFE] + "1,x\n".utf8.flatMap { [$0, 0] }
        if name == "labels" {
            let features = try scratch.file("b.csv", "1\n2\n")
            let path = try scratch.file(name, bytes)
            let told = message { _ = try input(features, "--labels", path).open(needsLabels: true, dimension: 1).readAll() }
            #expect(told.contains("begins with a byte order mark of UTF-16"), "\(told)")
        } else {
            #expect(try said(name, bytes).contains("begins with a byte order mark of UTF-16"))
        }
    }

    @Test func foreignFilesAreCalledByTheirName() throws {
        let zip: [UInt8] = [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [11, 0, 0, 0] + Array("xl/book.xml".utf8)
        for (name, bytes, expected) in [
            ("table.parquet", Array("PAR1".utf8) + [0x15, 4], "is a Parquet file"), ("book.xlsx", zip, "is an Excel workbook (xlsx)"),
            ("rows.csv", zip, "is an Excel workbook (xlsx)"), ("a.arrow", Array("ARROW1".utf8) + [0, 0], "is an Arrow file"),
            ("a.h5", [0x89] + Array("HDF\r\n\u{1A}\n".utf8), "is an HDF5 file"), ("a.pkl", [0x80, 4, 0x95], "is a Python pickle"),
            ("a.png", [0x89] + Array("PNG\r\n\u{1A}\n".utf8), "is a PNG image"), ("a.jpg", [0xFF, 0xD8, 0xFF, 0xE0], "is a JPEG image"),
        ] as [(String, [UInt8], String)] {
            let told = try said(name, bytes)
            #expect(told.contains(expected) && told.contains("Accrue reads csv"), "\(told)")
        }
        for (name, text, expected) in [
            ("rows.svm", "1 1:0.5 3:2\n-1 2:0.25\n", "is an svmlight (libsvm) file"),
            ("rows", "+1 1:0.5 3:2\n", "is an svmlight (libsvm) file"),
            ("rows.txt", "3 qid:1 1:0.5 # a\n", "is an svmlight (libsvm) file"), ("a.arff", "% x\n@RELATION r\n", "is an ARFF file"),
            ("rows.json", "[{\"features\":[1],\"label\":\"a\"}]", "is a JSON document"),
            ("rows.json", "{\"features\": [[1,2],[3,4]], \"labels\": [\"a\",\"b\"]}", "is a JSON document"),
            ("rows.json", "{\n  \"features\": [[1,2],[3,4]]\n}\n", "is a JSON document"),
            ("rows.ndjson", "{\"features\": [\n[1,2]]}\n", "is a JSON document"), ("rows.csv", "", "is empty"),
            ("rows.csv", "a,b,label\n", "has a header, but no rows"), ("rows.csv", "0,1,label\n", "has a header, but no rows"),
        ] {
            let told = try said(name, text)
            #expect(told.contains(expected), "\(name): \(told)")
        }
        #expect(try said("rows.ndjson", "{\"instances\": [1,2]}\n").contains("\"features\" is missing, expected"))
    }

    @Test func contentGoesBeforeTheName() throws {
        var batch = RowBatch()
        (batch.rows, batch.features) = (1, [1, 2])
        batch.labels.append("a")
        let bytes = batch.safetensors(dimension: 2)
        #expect(try input(try scratch.file("rows.csv", bytes)).open(needsLabels: true, dimension: 2).readAll().labelTexts == ["a"])
        #expect(try said("rows.bin", bytes, "--format", "csv").contains("is a safetensors file, but --format says csv"))
    }

    @Test func labelFilesOfOtherKindsAreNamed() throws {
        let features = try scratch.file("b.csv", "1\n2\n")
        let labels = try scratch.file("labels.parquet", Array("PAR1".utf8) + [0x15])
        let told = message { _ = try input(features, "--labels", labels).open(needsLabels: true, dimension: 1) }
        #expect(told.contains("is a Parquet file; expected labels as npy"), "\(told)")
    }

    /// `gzip.compress(b"f0,label\n1,cat\n") + gzip.compress(b"2,dog\n")` by Python.
    private static let zipped: [UInt8] = Array(
        Data(
            base64Encoded: "H4sIAAAAAAACA0sz0MlJTErN4TLUSU4s4QIAOgzCaQ8AAAAfiwgAAAAAAAIDM9JJyU/nAgA3PefBBgAAAA==") ?? Data())

    @Test func gzipIsReadWhateverItIsCalled() throws {
        for name in ["rows.csv.gz", "rows.csv", "rows"] {
            let source = try input(try scratch.file(name, Self.zipped)).open(needsLabels: true, dimension: 1)
            #expect(try source.readAll(1).labelTexts == ["cat", "dog"])
            #expect(source.fractionRead == 1)
        }
        #expect(InputFormat(name: "a.ndjson.gz") == .ndjson && InputFormat(name: "a.npy.GZ") == .npy && InputFormat(name: "a.gz") == nil)
    }

    @Test func damagedGzipIsNamed() throws {
        #expect(try said("rows.csv.gz", Array(Self.zipped.dropLast(5))).contains("rows.csv.gz: the compressed content is truncated"))
        var bytes = Self.zipped
        bytes[bytes.count - 6] ^= 1
        #expect(try said("rows.csv.gz", bytes).contains("a checksum of the compressed content does not match"))
        let file = try scratch.file("twice.gz", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])
        #expect(message { _ = try input(file).open(needsLabels: true, dimension: nil) }.contains("truncated"))
    }
}
