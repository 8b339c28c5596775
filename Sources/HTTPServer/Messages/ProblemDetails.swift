/// Problem details for HTTP APIs (RFC 9457).
enum ProblemDetails {
    /// `{"type":"about:blank","title":…,"status":…,"detail":…}`.
    static func encode(_ status: Status, detail: String, extending members: KeyValuePairs<StaticString, Int> = [:]) -> [UInt8] {
        var json = Array(#"{"type":"about:blank","title":""#.utf8)
        json.append(contentsOf: status.reason.description.utf8)
        json.append(contentsOf: #"","status":"#.utf8)
        json.append(contentsOf: String(status.code).utf8)
        json.append(contentsOf: #","detail":""#.utf8)
        for octet in detail.utf8 { append(octet, to: &json) }
        json.append(UInt8(ascii: "\""))
        for (name, value) in members { json.append(contentsOf: ",\"\(name)\":\(value)".utf8) }
        json.append(UInt8(ascii: "}"))
        return json
    }

    /// Appends one octet of a JSON string, escaped as RFC 8259, section 7 requires.
    private static func append(_ octet: UInt8, to json: inout [UInt8]) {
        switch octet {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            json.append(UInt8(ascii: "\\"))
            json.append(octet)
        case 0..<0x20:
            json.append(contentsOf: #"\u00"#.utf8)
            for digit in [octet >> 4, octet & 15] {
                json.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        default:
            json.append(octet)
        }
    }
}
