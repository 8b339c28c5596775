extension RequestParser {
    /// What the fields so far say about framing.
    private struct Semantics {
        var hosts = 0
        var lengths = 0
        var codings = 0
        var length = 0
        var connectionClose = false
        var connectionKeepAlive = false
    }

    /// Parses the header section of `message`, from `start` to the empty line that ends it (RFC 9112, section 5), and what it says
    /// about framing (section 6) and the connection (section 9).
    static func parseFields(_ message: UnsafeRawBufferPointer, from start: Int, into head: RequestHead) -> ParseFailure? {
        var semantics = Semantics()
        var at = start
        // The caller has found CR LF CR LF at the end and no LF without CR, so each line ends within the message.
        while message[at] != 0x0d || message[at + 1] != 0x0a {
            let nameStart = at
            while Octets.token.contains(message[at]) { at += 1 }
            // Refuses an empty name, a blank before the colon, and a folded line.
            guard at > nameStart, message[at] == UInt8(ascii: ":") else { return .malformedField }
            let name = nameStart..<at
            at += 1
            while Octets.isBlank(message[at]) { at += 1 }
            let valueStart = at
            while Octets.isFieldValue(message[at]) { at += 1 }
            guard message[at] == 0x0d, message[at + 1] == 0x0a else { return .malformedField }
            var valueEnd = at
            while valueEnd > valueStart, Octets.isBlank(message[valueEnd - 1]) { valueEnd -= 1 }
            at += 2
            let value = valueStart..<valueEnd
            guard head.add(RequestHead.Field(name: RequestHead.Span(name), value: RequestHead.Span(value))) else { return .tooManyFields }
            if let failure = interpret(message.part(name), message.part(value), &semantics, into: head) { return failure }
        }
        return conclude(semantics, into: head)
    }

    private static func interpret(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ semantics: inout Semantics, into head: RequestHead
    ) -> ParseFailure? {
        switch name.count {
        case 4 where name.equalsIgnoringCase("host"):
            semantics.hosts += 1
            return isHost(value) ? nil : .malformedHost
        case 6 where name.equalsIgnoringCase("expect"):
            // HTTP/1.0 clients cannot use Expect (RFC 9110, section 10.1.1).
            guard !head.isOldVersion else { return nil }
            if value.equalsIgnoringCase("100-continue") { head.expectsContinue = true } else { head.expectsUnknown = true }
        case 10 where name.equalsIgnoringCase("connection"):
            interpretConnection(value, &semantics)
        case 14 where name.equalsIgnoringCase("content-length"):
            semantics.lengths += 1
            return parseLength(value, into: &semantics.length)
        case 17 where name.equalsIgnoringCase("transfer-encoding"):
            semantics.codings += 1
            return parseCoding(value)
        default:
            break
        }
        return nil
    }

    private static func interpretConnection(_ value: UnsafeRawBufferPointer, _ semantics: inout Semantics) {
        var at = 0
        while at <= value.count {
            var end = at
            while end < value.count, value[end] != UInt8(ascii: ",") { end += 1 }
            let option = value.part(at..<end).trimmingBlanks()
            if option.equalsIgnoringCase("close") { semantics.connectionClose = true }
            if option.equalsIgnoringCase("keep-alive") { semantics.connectionKeepAlive = true }
            at = end + 1
        }
    }

    /// Parses digits only, by hand: lenient number parsers of standard libraries enable request smuggling.
    static func parseLength(_ value: UnsafeRawBufferPointer, into length: inout Int) -> ParseFailure? {
        guard !value.isEmpty else { return .malformedLength }
        var result = 0
        var overflowed = false
        for octet in value {
            let digit = octet &- UInt8(ascii: "0")
            guard digit < 10 else { return .malformedLength }
            let product = result.multipliedReportingOverflow(by: 10)
            let sum = product.partialValue.addingReportingOverflow(Int(digit))
            overflowed = overflowed || product.overflow || sum.overflow
            result = overflowed ? 0 : sum.partialValue
        }
        length = result
        return overflowed ? .lengthTooLarge : nil
    }

    /// Supports only `chunked` alone. Other known codings are 501; a list that does not end with `chunked` leaves the length of the
    /// content unknown and is 400 (RFC 9112, sections 6.1 and 6.3).
    private static func parseCoding(_ value: UnsafeRawBufferPointer) -> ParseFailure? {
        if value.equalsIgnoringCase("chunked") { return nil }
        var chunked = 0
        var lastIsChunked = false
        var at = 0
        while at <= value.count {
            var end = at
            while end < value.count, value[end] != UInt8(ascii: ",") { end += 1 }
            let coding = value.part(at..<end).trimmingBlanks()
            guard !coding.isEmpty, coding.allSatisfy(Octets.token.contains) else { return .malformedCoding }
            lastIsChunked = coding.equalsIgnoringCase("chunked")
            chunked += lastIsChunked ? 1 : 0
            at = end + 1
        }
        return lastIsChunked && chunked == 1 ? .unknownCoding : .malformedCoding
    }

    private static func conclude(_ semantics: Semantics, into head: RequestHead) -> ParseFailure? {
        if semantics.hosts > 1 { return .hostRepeated }
        // HTTP/1.1 requires Host even with the absolute-form (RFC 9112, section 3.2).
        if semantics.hosts == 0, !head.isOldVersion { return .hostMissing }
        if semantics.codings > 0 {
            if head.isOldVersion { return .codingInOldVersion }
            if semantics.lengths > 0 { return .lengthAndCoding }
            if semantics.codings > 1 { return .malformedCoding }
            head.framing = .chunked
        } else if semantics.lengths > 1 {
            return .repeatedLength
        } else if semantics.length > 0 {
            head.framing = .length(semantics.length)
        }
        if semantics.connectionClose {
            head.keepsAlive = false
        } else if head.isOldVersion {
            head.keepsAlive = semantics.connectionKeepAlive
        }
        return nil
    }
}
