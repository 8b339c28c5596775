extension Request {
    /// The value of a field, all its lines combined with `, ` (RFC 9110, section 5.3); nil if the field is absent. The case of the
    /// name does not matter. Octets that are not UTF-8 are replaced.
    public func header(_ name: StaticString) -> String? {
        guard var found = exchange.head.firstField(name) else { return nil }
        var text = String(decoding: found.value, as: UTF8.self)
        while let next = exchange.head.firstField(name, from: found.index + 1) {
            text += ", "
            text += String(decoding: next.value, as: UTF8.self)
            found = next
        }
        return text
    }

    /// Whether the first line of the field is `value`, ignoring ASCII case. Allocates nothing.
    public func headerIsEqual(_ name: StaticString, _ value: StaticString) -> Bool {
        exchange.head.firstField(name)?.value.equalsIgnoringCase(value) ?? false
    }

    /// Calls `body` with the octets of the field's first line, or nil if it is absent. Allocates nothing.
    public func withHeaderBytes<R>(_ name: StaticString, _ body: (UnsafeRawBufferPointer?) throws -> R) rethrows -> R {
        try body(exchange.head.firstField(name)?.value)
    }

    /// Calls `body` with the host and port of the request: those of an absolute target, which replace Host (RFC 9112, section
    /// 3.2.2), otherwise Host's; nil if there are none. Allocates nothing.
    public func withAuthorityBytes<R>(_ body: (UnsafeRawBufferPointer?) throws -> R) rethrows -> R {
        guard exchange.head.form != .absolute else { return try body(exchange.head.bytes(exchange.head.authority)) }
        return try withHeaderBytes("host", body)
    }

    /// Whether there is more than one line of this field. Allocates nothing.
    public func headerIsRepeated(_ name: StaticString) -> Bool {
        guard let first = exchange.head.firstField(name) else { return false }
        return exchange.head.firstField(name, from: first.index + 1) != nil
    }

    /// Whether the request has a `Content-Type`.
    public var hasContentType: Bool {
        exchange.head.firstField("content-type") != nil
    }

    /// Whether the content's media type is `type`, such as `application/json`. Parameters such as `charset` and the case of ASCII letters
    /// do not matter (RFC 9110, section 8.3.1). Allocates nothing.
    public func mediaTypeIs(_ type: StaticString) -> Bool {
        guard let value = exchange.head.firstField("content-type")?.value else { return false }
        var end = 0
        while end < value.count, value[end] != UInt8(ascii: ";") { end += 1 }
        return value.part(0..<end).trimmingBlanks().equalsIgnoringCase(type)
    }
}
