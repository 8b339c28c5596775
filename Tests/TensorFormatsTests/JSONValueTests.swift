import Testing

@testable import TensorFormats

@Suite struct JSONValueTests {
    @Test func config_isParsedAndWrittenInItsOrder() throws {
        let text =
            #"{"dimension":384,"feature_map":{"kind":"random_relu","seed":18446744073709551615},"ridge":0.1,"z":[null,true,-3,-0.0,1e21]}"#
        let value = try JSONValue(parsing: text)
        #expect(value.description == text)
        #expect(value.object?["dimension"]?.int == 384)
        #expect(value.object?["feature_map"]?.object?["seed"]?.uint64 == .max)
        #expect(value.object?["ridge"]?.double == 0.1)
        #expect(value.object?["absent"] == nil)
        #expect(value.object?.entries.map(\.key) == ["dimension", "feature_map", "ridge", "z"])
    }

    @Test(
        arguments: [
            ("9223372036854775807", .integer(.max)), ("9223372036854775808", .unsigned(1 << 63)), ("-9223372036854775808", .integer(.min)),
            ("-9223372036854775809", .rounded(-9223372036854775808, "-9223372036854775809")),
            ("18446744073709551616", .number(18446744073709551616)), ("-0", .number(-0.0)),
            ("0", .integer(0)), ("1.0", .number(1)), ("1e2", .number(100)), ("9007199254740992.0", .number(9007199254740992)),
            ("9007199254740993.0", .integer(9007199254740993)), ("18446744073709551615.0", .unsigned(.max)),
            ("1152921504606846976.0", .integer(1 << 60)), ("1e19", .unsigned(10_000_000_000_000_000_000)), ("1e20", .number(1e20)),
            ("9007199254740992.5", .rounded(9007199254740992, "9007199254740992.5")), ("0.1", .number(0.1)),
            ("3.00000000000000000001", .rounded(3, "3.00000000000000000001")), ("1e-400", .rounded(0, "1e-400")),
        ] as [(String, JSONValue)])
    func numbers_keepTheirKind(_ text: String, _ expected: JSONValue) throws {
        let value = try JSONValue(parsing: text)
        #expect(value == expected)
        #expect(value.double?.sign == expected.double?.sign)
    }

    @Test(
        arguments: [
            ("2.0", 2, 2), ("1e2", 100, 100), ("-0.0", 0, 0), ("-3.0", -3, nil), ("2.5", nil, nil), ("1e300", nil, nil),
            ("1e19", nil, 10_000_000_000_000_000_000), ("\"2\"", nil, nil),
            // Past 2⁵³ doubles skip integers; a number is read exactly or not as an integer.
            ("9007199254740993.0", 9_007_199_254_740_993, 9_007_199_254_740_993),
            ("-9007199254740993.0", -9_007_199_254_740_993, nil), ("9007199254740993e0", 9_007_199_254_740_993, 9_007_199_254_740_993),
            ("90071992547409930e-1", 9_007_199_254_740_993, 9_007_199_254_740_993), ("9223372036854775807.0", .max, UInt64(Int.max)),
            ("9223372036854775808.0", nil, 1 << 63), ("-9223372036854775808.0", .min, nil), ("-9223372036854775809.0", nil, nil),
            ("-9223372036854775809", nil, nil), ("18446744073709551615.0", nil, .max), ("18446744073709551616.0", nil, nil),
            ("18446744073709551615.5", nil, nil), ("9007199254740992.5", nil, nil), ("3.00000000000000000001", nil, nil),
            ("2.99999999999999999999", nil, nil), ("1e-400", nil, nil), ("-1e-400", nil, nil), ("36893488147419103233.0", nil, nil),
        ] as [(String, Int?, UInt64?)])
    func integers_areWhatTheyAreHoweverTheyAreWritten(_ text: String, _ int: Int?, _ uint64: UInt64?) throws {
        let value = try JSONValue(parsing: text)
        #expect(value.int == int)
        #expect(value.uint64 == uint64)
    }

    @Test func numbersThatNothingHolds_areWrittenAsTheyWereRead() throws {
        let text = "[3.00000000000000000001,-9223372036854775809,1e-400,9007199254740992.5]"
        #expect(try JSONValue(parsing: "1152921504606846976.0").description == "1152921504606846976")
        let value = try JSONValue(parsing: text)
        #expect(value.description == text)
        #expect(value.array?.map(\.double) == [3, -9223372036854775808, 0, 9007199254740992])
        #expect(value.array?.allSatisfy { $0.kind == .number } == true)
    }

    @Test(arguments: [#"{"a":1,"a":2}"#, #"{"a":1,"b":{},"\u0061":2}"#, #"[{"x":{"":1,"":1}}]"#])
    func keyStandingTwice_isRefused(_ text: String) {
        #expect { try JSONValue(parsing: text) } throws: { error in
            if case .duplicateKey = (error as? JSONError)?.kind { true } else { false }
        }
    }

    @Test func object_keepsOneEntryForAKey() {
        var object: JSONObject = ["a": .integer(1), "b": .null, "a": .integer(2)]
        #expect(object.entries.map(\.key) == ["a", "b"])
        #expect(object["a"] == .integer(2))
        object["b"] = nil
        object["c"] = .bool(true)
        #expect(JSONValue.object(object).description == #"{"a":2,"c":true}"#)
    }
}
