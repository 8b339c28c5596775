/// The content of an operation's requests.
struct RequestBody: Sendable {
    let description: String
    let content: [MediaContent]
    /// Octets that are taken; nil for the server's limit, which the document names.
    var maximumSize: Int?
    /// Formats that are taken in any length.
    var isUnlimited = false
    /// Whether other media types than those of `content` are refused.
    var checksMediaType = true
    /// Whether it may be compressed; what is taken then is the handler's affair.
    var takesCodings = false
    /// Whether there must be content.
    var isRequired = true
}
