import TensorFormats
import Testing

/// The checker on which all other tests rely finds errors.
@Suite struct SchemaCheckTests {
    private static let schema = #"""
        {"type":"object","properties":{"name":{"$ref":"#/components/schemas/Name"},
        "count":{"type":["integer","null"],"minimum":0,"maximum":9},
        "list":{"type":"array","items":{"type":"number","exclusiveMinimum":0},"minItems":1,"maxItems":2},
        "kind":{"oneOf":[{"type":"string","enum":["a","b"]},{"type":"integer","minimum":1}]}},"required":["name"]}
        """#

    private func error(_ text: String) throws -> String? {
        let document = try JSONValue(
            parsing: #"{"components":{"schemas":{"Name":{"type":"string","pattern":"^[a-z]+$","minLength":2,"maxLength":4}}}}"#)
        return SchemaCheck(document: document).error(try JSONValue(parsing: text), try JSONValue(parsing: Self.schema), "$")
    }

    @Test(arguments: [#"{"name":"abc"}"#, #"{"name":"ab","count":null,"list":[0.5],"kind":"a"}"#, #"{"name":"ab","count":9,"kind":1}"#])
    func whatIsRightPasses(_ text: String) throws {
        #expect(try error(text) == nil)
    }

    @Test(arguments: [
        "[]", "{}", #"{"name":1}"#, #"{"name":"a"}"#, #"{"name":"abcde"}"#, #"{"name":"AB"}"#, #"{"name":"ab","other":1}"#,
        #"{"name":"ab","count":-1}"#, #"{"name":"ab","count":10}"#, #"{"name":"ab","count":1.5}"#, #"{"name":"ab","list":[]}"#,
        #"{"name":"ab","list":[0]}"#, #"{"name":"ab","list":[1,2,3]}"#, #"{"name":"ab","list":["1"]}"#, #"{"name":"ab","kind":"c"}"#,
        #"{"name":"ab","kind":0}"#, #"{"name":"ab","kind":null}"#,
    ])
    func whatIsWrongIsFound(_ text: String) throws {
        #expect(try error(text) != nil)
    }
}
