/// The request methods that this server knows. Any other token gets 501.
public enum Method: UInt8, Sendable, CaseIterable {
    /// GET (RFC 9110, section 9.3.1). A GET route answers HEAD as well.
    case get
    /// HEAD (section 9.3.2).
    case head
    /// POST (section 9.3.3).
    case post
    /// PUT (section 9.3.4).
    case put
    /// PATCH (RFC 5789).
    case patch
    /// DELETE (RFC 9110, section 9.3.5).
    case delete
    /// OPTIONS (section 9.3.7); the server answers it if no route does.
    case options
    /// TRACE (section 9.3.8); no route should have it, because it reveals what clients should not see (section 17.10 there).
    case trace
    /// QUERY (draft-ietf-httpbis-safe-method-w-body), known only so that routes without it answer 405 and `Allow`.
    case query

    /// The name as in a request line.
    public var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .query: "QUERY"
        }
    }

    /// Whether the method only reads (RFC 9110, section 9.2.1).
    public var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace, .query: true
        case .post, .put, .patch, .delete: false
        }
    }

    /// The method with this exact name; methods are case-sensitive.
    init?(_ name: UnsafeRawBufferPointer) {
        switch name.count {
        case 3 where name.equals("GET"): self = .get
        case 3 where name.equals("PUT"): self = .put
        case 4 where name.equals("POST"): self = .post
        case 4 where name.equals("HEAD"): self = .head
        case 5 where name.equals("PATCH"): self = .patch
        case 5 where name.equals("TRACE"): self = .trace
        case 5 where name.equals("QUERY"): self = .query
        case 6 where name.equals("DELETE"): self = .delete
        case 7 where name.equals("OPTIONS"): self = .options
        default: return nil
        }
    }
}

/// A set of methods.
struct MethodSet: OptionSet, Sendable {
    let rawValue: UInt16

    init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    init(_ method: Method) {
        rawValue = 1 << method.rawValue
    }

    func contains(_ method: Method) -> Bool {
        rawValue & (1 << method.rawValue) != 0
    }
}
