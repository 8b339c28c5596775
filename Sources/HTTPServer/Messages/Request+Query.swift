extension Request {
    /// The percent-decoded value of the first query item called `name` (compared in decoded form; `+` stays `+`). An item without
    /// `=` has the empty value. Nil if there is none, or it is not UTF-8.
    public func query(_ name: StaticString) -> String? {
        var result: String?
        forEachQueryItem { itemName, value in
            guard PercentDecoding.equals(itemName, name) else { return true }
            result = PercentDecoding.string(value)
            return false
        }
        return result
    }

    /// Calls `body` with the percent-decoded name of each query item, in order, until it returns false; a name that is not UTF-8
    /// becomes the replacement character. For handlers that refuse unknown parameters.
    public func forEachQueryName(_ body: (String) -> Bool) {
        forEachQueryItem { name, _ in body(PercentDecoding.string(name) ?? "\u{fffd}") }
    }

    /// The percent-decoded names of all query items, in order.
    public var queryNames: [String] {
        var names: [String] = []
        forEachQueryName {
            names.append($0)
            return true
        }
        return names
    }

    /// Whether the value of each query item is UTF-8; `query` treats others as absent.
    public var queryIsText: Bool {
        var isText = true
        forEachQueryItem { _, value in
            isText = PercentDecoding.string(value) != nil
            return isText
        }
        return isText
    }

    /// Whether there is a non-empty query. Allocates nothing.
    public var hasQuery: Bool { exchange.head.query.count > 0 }

    /// Calls `body` with the encoded name and value of each query item until it returns false.
    private func forEachQueryItem(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool) {
        let query = exchange.head.bytes(exchange.head.query)
        var at = 0
        while at < query.count {
            var end = at
            var equals: Int?
            while end < query.count, query[end] != UInt8(ascii: "&") {
                if equals == nil, query[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            if end > at {
                let name = query.part(at..<(equals ?? end))
                let value = query.part((equals.map { $0 + 1 } ?? end)..<end)
                guard body(name, value) else { return }
            }
            at = end + 1
        }
    }
}
