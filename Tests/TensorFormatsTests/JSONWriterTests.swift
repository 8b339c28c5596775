import Testing

@testable import TensorFormats

@Suite struct JSONWriterTests {
    @Test func nestedContainers_getTheirCommas() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("a")
        writer.write(1)
        writer.key("b")
        writer.beginArray()
        writer.beginArray()
        writer.endArray()
        writer.beginObject()
        writer.endObject()
        writer.write(true)
        writer.writeNull()
        writer.endArray()
        writer.key("c\"")
        writer.write("x")
        writer.key("d")
        writer.write(encoded: UnsafeRawBufferPointer(start: nil, count: 0))
        writer.write(UInt64.max)
        writer.endObject()
        #expect(writer.string == #"{"a":1,"b":[[],{},true,null],"c\"":"x","d":,18446744073709551615}"#)
    }

    @Test(arguments: [
        ("", #""""#), ("plain", #""plain""#), ("q\"b\\s/", #""q\"b\\s/""#), ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
        ("\u{0}\u{1}\u{1F}\u{7F}", "\"\\u0000\\u0001\\u001f\u{7F}\""), ("é漢🎉", "\"é漢🎉\""),
    ])
    func strings_areEscapedAsTheRFCAsks(_ text: String, _ expected: String) throws {
        var writer = JSONWriter()
        writer.write(text)
        #expect(writer.string == expected)
        #expect(try JSONValue(parsing: writer.string) == .string(text))
    }

    @Test func numbers_areWrittenExactly() {
        var writer = JSONWriter()
        writer.beginArray()
        for value in [0, -1, Int.max, Int.min, 9, 10, 99, 100, 12345] { writer.write(value) }
        writer.write(0.1)
        writer.write(Float(0.1))
        writer.write(Double.nan)
        writer.write(-Float.infinity)
        writer.endArray()
        #expect(writer.string == "[0,-1,9223372036854775807,-9223372036854775808,9,10,99,100,12345,0.1,0.1,null,null]")
    }

    @Test func emptiedWriter_startsAnew() {
        var writer = JSONWriter(capacity: 16)
        writer.write("first")
        writer.removeAll()
        #expect(writer.count == 0)
        writer.beginArray()
        writer.endArray()
        writer.append(raw: "\n")
        writer.beginArray()
        writer.endArray()
        #expect(writer.string == "[]\n[]")
        #expect(writer.withUnsafeBytes { $0.count } == 5)
    }

    @Test func packedString_isWrittenFromItsBytes() {
        let strings = PackedStrings(["a", "b\"", ""])
        var writer = JSONWriter()
        writer.beginArray()
        for index in 0..<strings.count { writer.write(strings, at: index) }
        writer.endArray()
        #expect(writer.string == #"["a","b\"",""]"#)
    }
}
