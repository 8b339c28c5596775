import Testing

@testable import TensorFormats

@Suite struct LineSplitterTests {
    /// All lines of a stream that arrives in pieces of the given size.
    private func lines(_ text: String, piece: Int, limit: Int = 100) throws(LineSplitter.LineTooLong) -> [String] {
        var splitter = LineSplitter(maximumLineBytes: limit)
        var lines: [String] = []
        func takeAll() throws(LineSplitter.LineTooLong) {
            while let line = try splitter.nextLine() {
                lines.append("\(line.number)@\(line.offset):" + splitter.withUnsafeBytes(of: line) { String(decoding: $0, as: UTF8.self) })
            }
        }
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            bytes[start..<min(start + piece, bytes.count)].withUnsafeBytes { splitter.append($0) }
            try takeAll()
        }
        splitter.finish()
        try takeAll()
        #expect(splitter.pendingByteCount == 0)
        return lines
    }

    @Test func lines_areTheSameHoweverTheStreamIsCut() throws {
        let text = "{\"a\":1}\r\n\n  \t\nsecond line, a longer one\n\r\nx\ny\rz\nlast"
        let expected = ["1@0:{\"a\":1}", "4@14:second line, a longer one", "6@42:x", "7@44:y\rz", "8@48:last"]
        for piece in 1...text.utf8.count { #expect(try lines(text, piece: piece) == expected) }
        #expect(try lines(text + "\n", piece: 7) == expected)
        #expect(try lines("", piece: 1) == [])
        #expect(try lines("\n\n", piece: 1) == [])
    }

    @Test func limit_countsTheLineWithoutItsEnd() throws {
        for piece in 1...12 {
            #expect(try lines("12345\r\n12345\n12345", piece: piece, limit: 5).count == 3)
            #expect(throws: LineSplitter.LineTooLong(number: 2, offset: 6, limit: 5)) {
                try lines("12345\n123456\n", piece: piece, limit: 5)
            }
        }
    }

    @Test func endlessLine_isRefusedBeforeItEnds() {
        var splitter = LineSplitter(maximumLineBytes: 10)
        [UInt8](repeating: 0x61, count: 12).withUnsafeBytes { splitter.append($0) }
        #expect(throws: LineSplitter.LineTooLong.self) { try splitter.nextLine() }
    }
}
