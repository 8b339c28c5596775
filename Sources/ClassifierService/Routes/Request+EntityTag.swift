internal import HTTPServer

extension Request {
    /// Whether `If-None-Match` names the tag, weakly compared (RFC 9110, section 13.1.2).
    func isMatched(by tag: String) -> Bool {
        guard let field = header("if-none-match") else { return false }
        return field.split(separator: ",").contains { candidate in
            var candidate = candidate.drop { $0 == " " || $0 == "\t" }
            while candidate.last == " " || candidate.last == "\t" { candidate.removeLast() }
            return candidate == "*" || candidate == tag || candidate == "W/" + tag
        }
    }
}
