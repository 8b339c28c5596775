/// The content of an operation's requests.
struct RequestBody: Sendable {
    let description: String
    let content: [MediaContent]
    /// The most octets accepted; nil for the server's limit, which the document names.
    var maximumSize: Int?
    /// Whether some formats are accepted at any length.
    var isUnlimited = false
    /// Whether other media types than those of `content` are refused.
    var checksMediaType = true
    /// Whether it may be compressed; the handler checks the coding.
    var takesCodings = false
    /// Whether content is required.
    var isRequired = true
}
