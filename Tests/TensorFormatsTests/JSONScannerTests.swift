import Testing

@testable import TensorFormats

@Suite struct JSONScannerTests {
    @Test func request_isReadWithoutBuildingATree() throws {
        var labels = PackedStrings()
        var values: [Float] = []
        var top = 0
        let text =
            #" { "features" : [[1, 2.5],[-3e1,0]] , "l\u0061bels":["cat", 7], "top":3, "x":{"y":[null,true,"z"]} } "#
        try scanning(text) { (scanner) throws(JSONError) in
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                switch key {
                case "features":
                    #expect(try scanner.readMatrix(field: "features", columns: 2, into: &values, maximumRows: 10) == 2)
                case "labels":
                    #expect(try scanner.readLabels(field: "labels", into: &labels, maximumCount: 9, maximumBytes: 64) == 2)
                case "top": top = try scanner.readInteger(field: "top")
                default: try scanner.skipValue()
                }
            }
            try scanner.finish()
        }
        #expect(values == [1, 2.5, -30, 0])
        #expect((0..<labels.count).map { labels[$0] } == ["cat", "7"])
        #expect(top == 3)
    }

    @Test func key_isComparedWithItsEscapesResolved() throws {
        let text = #"{"plain":0,"\u0070lain":0,"caf\u00e9":0,"pl":0,"plainer":0,"\uD83D\uDE00":0,"":0}"#
        let found = try scanning(text) { (scanner) throws(JSONError) in
            var found: [String] = []
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                switch key {
                case "plain": found.append("plain")
                case "café": found.append("café")
                case "😀": found.append("grin")
                case "": found.append("empty")
                default: found.append("other \(key)")
                }
                try scanner.skipValue()
            }
            return found
        }
        #expect(found == ["plain", "plain", "café", "other pl", "other plainer", "grin", "empty"])
    }

    @Test func emptyBuffer_isAnEarlyEnd() {
        var scanner = JSONScanner(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(throws: JSONError(.unexpectedEnd(expected: "a value"), at: 0)) { try scanner.skipValue() }
    }

    @Test func containerEnds_areRequired() throws {
        try scanning("[[1],{}]") { (scanner) throws(JSONError) in
            try scanner.beginArray()
            #expect(try scanner.nextElement())
            try scanner.beginArray()
            #expect(try scanner.nextElement())
            #expect(try scanner.readInteger() == 1)
            try scanner.endArray()
            #expect(try scanner.nextElement())
            try scanner.beginObject()
            try scanner.endObject()
            #expect(try !scanner.nextElement())
            try scanner.finish()
        }
        let error = scanError("[1,2]") { (scanner) throws(JSONError) in
            try scanner.beginArray()
            _ = try scanner.nextElement()
            try scanner.skipValue()
            try scanner.endArray()
        }
        #expect(error?.description == "unexpected ',', expected ']' (at byte 2)")
    }

    @Test func peekKind_tellsEveryKindAndReadsNothing() throws {
        let kinds: [(String, JSONKind)] = [
            ("{}", .object), ("[]", .array), ("\"\"", .string), ("-1", .number), ("7", .number), ("true", .bool), ("false", .bool),
            ("null", .null),
        ]
        for (text, kind) in kinds {
            try scanning(" " + text) { (scanner) throws(JSONError) in
                #expect(try scanner.peekKind() == kind)
                #expect(try scanner.peekKind() == kind)
                try scanner.skipValue()
                try scanner.finish()
            }
        }
    }

    // MARK: Scalars

    @Test(arguments: [
        ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min), ("0", 0), ("-0", 0), ("-1", -1),
    ])
    func integer_isReadExactly(_ text: String, _ expected: Int) throws {
        #expect(try scanning(text) { (scanner) throws(JSONError) in try scanner.readInteger() } == expected)
    }

    @Test(arguments: [
        ("9223372036854775808", "seed is 9223372036854775808, which is out of range"),
        ("-9223372036854775809", "seed is -9223372036854775809, which is out of range"),
        ("100000000000000000000", "seed is 100000000000000000000, which is out of range"),
        ("1.0", "seed is 1.0, expected an integer"), ("1e2", "seed is 1e2, expected an integer"),
        ("\"1\"", "seed is a string, expected an integer"), ("null", "seed is null, expected an integer"),
    ])
    func integer_isRefusedWithItsName(_ text: String, _ reason: String) {
        let error = scanError(text) { (scanner) throws(JSONError) in try scanner.readInteger(field: "seed") }
        #expect(error?.reason == reason)
    }

    @Test(arguments: [
        ("3", 3), ("3.0", 3), ("30e-1", 3), ("-2.00", -2), ("9223372036854775807", Int.max), ("0.0", 0), ("0e999", 0), ("-0.0e-9", 0),
        ("9007199254740993.0", 9_007_199_254_740_993), ("9007199254740993e0", 9_007_199_254_740_993),
        ("-9007199254740993.000", -9_007_199_254_740_993), ("9.223372036854775807e18", Int.max), ("9223372036854775807.0", Int.max),
        ("-9223372036854775808.0", Int.min), ("9223372036854775807000000000000e-12", Int.max),
        ("0.000000000000000000000000000003e30", 3), ("1000000000000000000000000000000e-30", 1), ("1e18", 1_000_000_000_000_000_000),
    ])
    func integralNumber_isReadHoweverItIsWritten(_ text: String, _ expected: Int) throws {
        #expect(try scanning(text) { (scanner) throws(JSONError) in try scanner.readIntegralNumber() } == expected)
    }

    @Test(arguments: [
        ("3.5", "top is 3.5, expected an integer"), ("1e300", "top is 1e300, which is out of range"),
        ("9223372036854775808", "top is 9223372036854775808, which is out of range"),
        ("9223372036854775808.0", "top is 9223372036854775808.0, which is out of range"),
        ("-9223372036854775809.0", "top is -9223372036854775809.0, which is out of range"),
        ("18446744073709551616.0", "top is 18446744073709551616.0, which is out of range"),
        ("123456789012345678901e0", "top is 123456789012345678901e0, which is out of range"),
        ("9007199254740992.5", "top is 9007199254740992.5, expected an integer"),
        ("3.00000000000000000001", "top is 3.00000000000000000001, expected an integer"),
        ("12345678901234567890.1", "top is 12345678901234567890.1, expected an integer"),
        ("1e-400", "top is 1e-400, expected an integer"),
        ("1e-99999999999999999999", "top is 1e-99999999999999999999, expected an integer"),
        ("1e99999999999999999999", "top is 1e99999999999999999999, which is out of range"),
        ("true", "top is a boolean, expected an integer"),
    ])
    func integralNumber_isRefusedWithItsName(_ text: String, _ reason: String) {
        let error = scanError(text) { (scanner) throws(JSONError) in try scanner.readIntegralNumber(field: "top") }
        #expect(error?.reason == reason)
    }

    @Test func unsignedSeed_takesAll64Bits() throws {
        let value = try scanning("18446744073709551615") { (scanner) throws(JSONError) in try scanner.readInteger(as: UInt64.self) }
        #expect(value == .max)
        let other = try scanning("18446744073709551610") { (scanner) throws(JSONError) in try scanner.readInteger(as: UInt64.self) }
        #expect(other == 18_446_744_073_709_551_610)
        #expect(scanError("-1") { (scanner) throws(JSONError) in try scanner.readInteger(as: UInt64.self) } != nil)
        #expect(scanError("256") { (scanner) throws(JSONError) in try scanner.readInteger(as: UInt8.self) } != nil)
        #expect(scanError("18446744073709551616") { (scanner) throws(JSONError) in try scanner.readInteger(as: UInt64.self) } != nil)
    }

    @Test func doubleBeyondRange_isRefused() {
        let error = scanError(" 1e999") { (scanner) throws(JSONError) in try scanner.readDouble(field: "ridge") }
        #expect(error == JSONError(.magnitude("1e999", limit: .greatestFiniteMagnitude), at: 1, place: .init(field: "ridge")))
        #expect(error?.reason == "ridge is 1e999; magnitude must be finite")
    }

    @Test func boolAndNull_areReadAndRefused() throws {
        #expect(try scanning("true") { (scanner) throws(JSONError) in try scanner.readBool() })
        #expect(try !scanning("false") { (scanner) throws(JSONError) in try scanner.readBool() })
        try scanning("null") { (scanner) throws(JSONError) in try scanner.readNull() }
        #expect(
            scanError("1") { (scanner) throws(JSONError) in try scanner.readBool(field: "on") }?.reason
                == "on is a number, expected true or false")
        #expect(scanError("nulL") { (scanner) throws(JSONError) in try scanner.readNull() }?.reason == "unexpected 'L', expected null")
    }

    // MARK: Labels

    @Test func labels_areStringsOrIntegers() throws {
        var labels = PackedStrings()
        let text = #"["cat","","a\nb",7,-12,-0,123456789012345678901234567890,"\ud83d\ude00"]"#
        let count = try scanning(text) { (scanner) throws(JSONError) in
            try scanner.readLabels(field: "labels", into: &labels, maximumCount: 8, maximumBytes: 30)
        }
        #expect(count == 8)
        #expect((0..<8).map { labels[$0] } == ["cat", "", "a\nb", "7", "-12", "0", "123456789012345678901234567890", "😀"])
    }

    @Test(arguments: [
        (#"["a",1.5]"#, "labels[1] is 1.5, expected an integer"),
        ("[9007199254740993.0]", "labels[0] is 9007199254740993.0, expected an integer"),
        ("[1e3]", "labels[0] is 1e3, expected an integer"),
        (#"[true]"#, "labels[0] is a boolean, expected a string or an integer"),
        (#"[null]"#, "labels[0] is null, expected a string or an integer"),
        (#"[["a"]]"#, "labels[0] is an array, expected a string or an integer"),
        (#"["a","b","c","d"]"#, "labels has more than 3 entries"),
        (#"["12345678901"]"#, "labels[0] is longer than 10 bytes"),
        (#"["a",12345678901]"#, "labels[1] is longer than 10 bytes"),
        (#"["\ud800"]"#, "labels[0] contains half of a surrogate pair"),
        (#"{"a":1}"#, "labels is an object, expected an array"),
        (#"["a" "b"]"#, "unexpected '\"', expected ',' or ']'"),
        (#"["a",]"#, "labels[1]: unexpected ']', expected a value"),
    ])
    func labels_areRefusedWithTheirRow(_ text: String, _ reason: String) {
        var labels = PackedStrings(["before"])
        let error = scanError(text) { (scanner) throws(JSONError) in
            try scanner.readLabels(field: "labels", into: &labels, maximumCount: 3, maximumBytes: 10)
        }
        #expect(error?.reason == reason)
        #expect(labels == PackedStrings(["before"]))
    }

    @Test func labelLimit_countsResolvedBytes() throws {
        var labels = PackedStrings()
        try scanning(#""\u0061\u0062\u0063""#) { (scanner) throws(JSONError) in
            try scanner.readStringOrInteger(into: &labels, maximumBytes: 3)
        }
        #expect(labels[0] == "abc")
        let tooLong = scanError(#""\u0061\u0062\u0063\u0064""#) { (scanner) throws(JSONError) in
            try scanner.readStringOrInteger(into: &labels, maximumBytes: 3)
        }
        #expect(tooLong?.kind == .tooLong(limit: 3))
        #expect(labels.count == 1)
    }
}
