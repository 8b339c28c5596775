import Foundation

/// A case of `h1_cases.json`.
struct ConformanceCase: Decodable, Sendable {
    struct Step: Decodable, Sendable {
        var send: String?
        var bytewise: Bool?
        var no_read: Bool?
        var idle: Int?
        var idle_send: String?
        var silence_ms: Double?
        var pause_ms: Double?
        var await: Int?
        var await_any: Bool?
        var half_close: Bool?
        var rst: Bool?
        var drip: String?
        var every_ms: Double?
        var wait_slow: Bool?
    }

    struct Expectation: Decodable, Sendable {
        var status: [String]?
        var warn: [String]?
        var not_status: [String]?
        var responses: [[String]]?
        var responses_count: Int?
        var max_responses: Int?
        var no_more: Bool?
        var or_first_close: Bool?
        var must_close: Bool?
        var must_close_on: [String]?
        var close_ok: Bool?
        var wait_ok: Bool?
        var alive_only: Bool?
        var keepalive_said: Bool?
        var http_version: String?
        var date: Bool?
        var same_length: Bool?
        var echo: Bool?
        var interim: String?
        var header_on: [String: [String]]?
        var no_header: [String]?
        var not_in_body: String?
        var slow: Bool?
    }

    let id: String
    let name: String
    let methods: [String]?
    let steps: [Step]
    let expect: Expectation

    var isHeavy: Bool { steps.contains { $0.idle != nil || $0.rst == true || $0.no_read == true } }
}

/// The cases, with the texts that make up their octets.
struct ConformanceSuite: Decodable, Sendable {
    let vars: [String: String]
    let cases: [ConformanceCase]

    static func load() throws -> ConformanceSuite {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("h1_cases.json")
        return try JSONDecoder().decode(ConformanceSuite.self, from: Data(contentsOf: file))
    }

    /// The values of `@{name}` for this server.
    func values(port: UInt16, get: String, post: String, body: String) -> [String: String] {
        let half = max(1, body.count / 2)
        var values = [
            "host": "127.0.0.1:\(port)", "get": get, "post": post, "body": body, "len": "\(body.count)", "len0": "00\(body.count)",
            "hex": String(body.count, radix: 16), "half1": String(body.prefix(half)), "half2": String(body.dropFirst(half)),
            "hex1": String(half, radix: 16), "hex2": String(body.count - half, radix: 16),
            "getpct": String(get.dropLast()) + "%" + String(get.utf8.last ?? 0, radix: 16, uppercase: true),
        ]
        values.merge(vars) { $1 }
        return values
    }

    /// The octets of a step's text: replaces names and functions in `@{…}`, then turns every character into one octet.
    static func expand(_ text: String, _ values: [String: String]) -> [UInt8] {
        expandText(text, values).unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }

    private static func expandText(_ text: String, _ values: [String: String]) -> String {
        var result = text
        for _ in 0..<3 {
            for (name, value) in values { result = result.replacingOccurrences(of: "@{\(name)}", with: value) }
        }
        for (name, value) in values {
            for (function, radix) in [("lenof", 10), ("hexof", 16)] where result.contains("@{\(function)|\(name)}") {
                let count = expand(value, values).count
                result = result.replacingOccurrences(of: "@{\(function)|\(name)}", with: String(count, radix: radix))
            }
        }
        for function in ["rep", "times", "seq"] where result.contains("@{\(function)|") { result = repeated(function, in: result) }
        return result
    }

    /// Replaces `@{function|text|count}`.
    private static func repeated(_ function: String, in text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        let opening = Array("@{\(function)|".unicodeScalars)
        var at = 0
        while at + opening.count <= scalars.count {
            guard Array(scalars[at..<(at + opening.count)]) == opening,
                let close = closing(scalars, from: at + opening.count),
                let bar = scalars[..<close].lastIndex(of: "|"), let count = Int(string(scalars[(bar + 1)..<close]))
            else {
                at += 1
                continue
            }
            let piece = string(scalars[(at + opening.count)..<bar])
            var replacement = ""
            for index in 0..<count {
                replacement += function == "seq" ? piece.replacingOccurrences(of: "%d", with: "\(index)") : piece
            }
            scalars.replaceSubrange(at...close, with: Array(replacement.unicodeScalars))
            at += replacement.unicodeScalars.count
        }
        return string(scalars[...])
    }

    private static func closing(_ scalars: [Unicode.Scalar], from start: Int) -> Int? {
        var at = start
        // `|digits}` ends the call: the text itself may contain braces.
        while at < scalars.count {
            if scalars[at] == "|" {
                var end = at + 1
                while end < scalars.count, ("0"..."9").contains(scalars[end]) { end += 1 }
                if end > at + 1, end < scalars.count, scalars[end] == "}" { return end }
            }
            at += 1
        }
        return nil
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
