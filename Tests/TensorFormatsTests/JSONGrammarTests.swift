import Testing

@testable import TensorFormats

/// What RFC 8259 allows and forbids, for the skipping reader and for the tree.
@Suite struct JSONGrammarTests {
    private func skips(_ text: [UInt8]) -> JSONError? {
        do {
            try scanning(text) { (scanner) throws(JSONError) in
                try scanner.skipValue()
                try scanner.finish()
            }
            return nil
        } catch { return error }
    }

    private func parses(_ text: [UInt8]) -> JSONError? {
        do throws(JSONError) {
            try text.withUnsafeBufferPointer { (buffer) throws(JSONError) in _ = try JSONValue(parsing: UnsafeRawBufferPointer(buffer)) }
            return nil
        } catch { return error }
    }

    @Test(arguments: [
        "[]", "{}", " [ ] ", "\t\r\n{ }\n", "[1,2]", "[ 1 , 2 ]", "null", "true", "false", "0", "-0", "-1.5e+10", "1E5", "0.0", "1e-0",
        "\"\"", "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\"", "\"\\uD834\\uDD1E\"", "\"\\u00e9\"", "\"é漢🎉\"", "\"\u{7F}\"",
        "{\"a\":{\"b\":[{}, [], \"\"]}}", "[[[[[[]]]]]]", "{\"\":0}", "[\"\\uDBFF\\uDFFF\"]", "\"a plain text longer than eight bytes\"",
    ])
    func validText_isAccepted(_ text: String) {
        #expect(skips(Array(text.utf8)) == nil)
        #expect(parses(Array(text.utf8)) == nil)
    }

    @Test(arguments: [
        "", " ", "[", "]", "{", "}", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1,,2]", "[}", "{]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
        "{\"a\" 1}", "{a:1}", "{1:1}", "{'a':1}", "{\"a\":1 \"b\":2}", "{,}", "[1]]", "{}{}", "1 2", "nul", "nulL", "tru", "True", "NaN",
        "Infinity", "-Infinity", "-", "+1", "01", "-01", "00", "1.", ".5", "-.5", "1e", "1e+", "1.e5", "0x10", "1_000", "1.2.3", "1e5.5",
        "\"", "\"a", "\"\\", "\"\\\"", "\"\\a\"", "\"\\u\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\uD800\"", "\"\\uD800x\"", "\"\\uD800\\n\"",
        "\"\\uD800\\u0041\"", "\"\\uDC00\"", "\"\\uDC00\\uD800\"", "\"a\nb\"", "\"\t\"", "\"\u{0}\"", "\"\u{1F}\"", "[1]//", "/**/1",
        "\u{FEFF}\u{FEFF}1", "1\u{FEFF}", "1\u{0}", "\u{B}1", "\u{A0}1", "[1}", "{\"a\":1]", "\"\\U0041\"", "--1", "- 1", "1 .5", "[1;2]",
        "truefalse", "\"a\"b",
    ])
    func invalidText_isRefused(_ text: String) {
        #expect(skips(Array(text.utf8)) != nil)
        #expect(parses(Array(text.utf8)) != nil)
    }

    // Overlong forms, lone tails, surrogates, beyond U+10FFFF, cut sequences: none is UTF-8 (RFC 3629).
    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xE2, 0x82],
            [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF0, 0x9F, 0x8E], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        ] as [[UInt8]])
    func bytesThatAreNotUTF8_areRefusedInStringsAndKeys(_ bytes: [UInt8]) {
        for padding in ["", "1234567", "12345678"] {
            let text = Array("\"\(padding)".utf8) + bytes + Array("\"".utf8)
            #expect(skips(text)?.kind == .invalidUTF8)
            #expect(skips(Array("{".utf8) + text + Array(":1}".utf8))?.kind == .invalidUTF8)
        }
        #expect(skips(bytes) != nil)
    }

    @Test func everyScalar_isReadFromBytesAndFromEscapes() throws {
        // Every 37th suffices to meet all lengths and borders; the borders are named.
        let borders: [UInt32] = [0, 0x1F, 0x20, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x1_0000, 0x10_FFFF]
        for value in borders + Array(stride(from: 0, through: 0x10_FFFF, by: 37)) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let expected = String(Character(scalar))
            let escaped = expected.utf16.map { unit in
                "\\u" + String(repeating: "0", count: 4 - String(unit, radix: 16).count) + String(unit, radix: 16)
            }.joined()
            #expect(try scanning("\"\(escaped)\"") { (scanner) throws(JSONError) in try scanner.readString() } == expected)
            if value >= 0x20, value != 0x22, value != 0x5C {
                #expect(try scanning("\"\(expected)\"") { (scanner) throws(JSONError) in try scanner.readString() } == expected)
            }
        }
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
    func deepNesting_isRefusedWithoutUsingTheStack(_ opening: String) {
        let text = Array(String(repeating: opening, count: 100_000).utf8)
        #expect(skips(text)?.kind == .tooDeep(limit: 64))
        #expect(parses(text)?.kind == .tooDeep(limit: 64))
    }

    @Test func nestingUpToTheLimit_isAccepted() {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(skips(nested(64)) == nil)
        #expect(parses(nested(64)) == nil)
        #expect(skips(nested(65)) != nil)
        #expect(parses(nested(65)) != nil)
    }

    /// For any change of a valid text, both readers agree whether it is valid, and neither traps.
    @Test func mutatedText_isAcceptedByBothReadersOrByNeither() {
        let seeds = [
            #"{"features":[[1,2.5e-3,-0],[1e10,0.125,77]],"labels":["cat","d\u00e9\uD83D\uDE00",12],"x":{"y":[true,false,null]}}"#,
            #"[{"a":[]},{"b":{}},"\\\"\n",-12.5E+7,[[[]]]]"#,
        ]
        var generator = SeededGenerator(seed: 6)
        let alphabet = Array("{}[]:,\"\\ue0123456789.-+Etrufalsn \n\u{0}\u{1F}".utf8) + [0x80, 0xC3, 0xED, 0xF4, 0xFF]
        for _ in 0..<(runsFullTests ? 200_000 : 20_000) {
            var text = Array(seeds.randomElement(using: &generator)!.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let position = Int.random(in: 0..<text.count, using: &generator)
                switch generator.next() % 4 {
                case 0: text[position] = alphabet.randomElement(using: &generator)!
                case 1: text.insert(alphabet.randomElement(using: &generator)!, at: position)
                case 2 where text.count > 1: text.remove(at: position)
                default: if position > 0 { text.removeSubrange(position...) }
                }
            }
            let skipped = skips(text)
            let parsed = parses(text)
            // Only the tree detects duplicate keys and numbers beyond Double.
            switch parsed?.kind {
            case .duplicateKey, .magnitude: continue
            default: #expect((skipped == nil) == (parsed == nil), "\(String(decoding: text, as: UTF8.self))")
            }
            if let skipped { #expect(skipped.offset >= 0 && skipped.offset <= text.count) }
        }
    }
}
