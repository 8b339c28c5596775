/// How long the parts of a request head may be, in octets.
struct RequestLimits: Equatable {
    var requestLine = 8192
    var header = 32768
    /// Empty lines taken before a request line; RFC 9112, section 2.2 asks for one at least.
    var leadingEmptyLines = 4
}
