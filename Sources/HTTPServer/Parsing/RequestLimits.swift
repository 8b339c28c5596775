/// The largest sizes of the parts of a request head, in octets.
struct RequestLimits: Equatable {
    var requestLine = 8192
    var header = 32768
    /// Empty lines allowed before a request line; RFC 9112, section 2.2 asks for at least one.
    var leadingEmptyLines = 4
}
