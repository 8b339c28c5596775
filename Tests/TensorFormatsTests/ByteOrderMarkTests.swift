import Testing

@testable import TensorFormats

/// Texts with a byte order mark are read without it, or the encoding is named.
@Suite struct ByteOrderMarkTests {
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    @Test func json_isReadBehindAMark() throws {
        #expect(try Self.json(Self.mark + Array(#"{"a":1}"#.utf8)).object?["a"]?.int == 1)
        #expect(try Self.json(Self.mark + Array(" [1]".utf8)).array?.count == 1)
        // Elsewhere it is not white space.
        #expect(throws: JSONError.self) { try Self.json(Array("{}".utf8) + Self.mark) }
        #expect(throws: JSONError.self) { try Self.json(Self.mark + Self.mark + Array("{}".utf8)) }
        for count in 1...3 { #expect(throws: JSONError.self) { try Self.json(Array(Self.mark[..<count])) } }
    }

    @Test(arguments: [
        ([0xFF, 0xFE, 0x7B, 0], "UTF-16"), ([0xFE, 0xFF, 0, 0x7B], "UTF-16"), ([0xFF, 0xFE, 0, 0, 0x7B, 0, 0, 0], "UTF-32"),
        ([0, 0, 0xFE, 0xFF, 0, 0, 0, 0x7B], "UTF-32"),
    ]) func otherEncodings_areNamed(_ bytes: [UInt8], _ name: String) throws {
        let error = #expect(throws: JSONError.self) { try Self.json(bytes) }
        #expect(error?.reason == "the text begins with a byte order mark of \(name), expected UTF-8")
        #expect(throws: ByteOrderMark.OtherEncoding(name: name)) { try bytes.withUnsafeBytes { _ = try ByteOrderMark.check($0) } }
    }

    @Test func lines_areThoseBehindTheMarkHoweverTheyAreCut() throws {
        let text = Self.mark + Array("first\n\nthird".utf8)
        for piece in 1...text.count {
            var splitter = LineSplitter(maximumLineBytes: 5)
            var lines: [String] = []
            func takeAll() throws {
                while let line = try splitter.nextLine() {
                    lines.append(
                        "\(line.number)@\(line.offset):" + splitter.withUnsafeBytes(of: line) { String(decoding: $0, as: UTF8.self) })
                }
            }
            for start in stride(from: 0, to: text.count, by: piece) {
                text[start..<min(start + piece, text.count)].withUnsafeBytes { splitter.append($0) }
                try takeAll()
            }
            splitter.finish()
            try takeAll()
            #expect(lines == ["1@3:first", "3@10:third"], "\(piece)")
        }
    }

    @Test func aMarkAlone_isNoLine() throws {
        for end in ["", "\n"] {
            var splitter = LineSplitter(maximumLineBytes: 5)
            (Self.mark + Array(end.utf8)).withUnsafeBytes { splitter.append($0) }
            splitter.finish()
            #expect(try splitter.nextLine() == nil)
        }
    }

    private static func json(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in try JSONValue(parsing: UnsafeRawBufferPointer(buffer)) }
    }
}
