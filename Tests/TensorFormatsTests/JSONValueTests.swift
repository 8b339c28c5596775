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
            ("-9223372036854775809", .number(-9223372036854775808)), ("18446744073709551616", .number(18446744073709551616)),
            ("-0", .number(-0.0)),
            ("0", .integer(0)), ("1.0", .number(1)), ("1e2", .number(100)),
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
        ] as [(String, Int?, UInt64?)])
    func integers_areWhatTheyAreHoweverTheyAreWritten(_ text: String, _ int: Int?, _ uint64: UInt64?) throws {
        let value = try JSONValue(parsing: text)
        #expect(value.int == int)
        #expect(value.uint64 == uint64)
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
