/// Who may call the service, and what is logged about it.
public struct AccessConfiguration: Sendable {
    /// A file with bearer tokens, see `TokenFile`; nil lets anybody read and write.
    public var tokenFile: String?
    /// Origins of web pages that may call the service besides its own, such as `https://models.example.com`; `*` is all of them.
    public var allowedOrigins: [String] = []
    /// Names that `Host` may have, without a port; nil allows all. On a loopback address, this rejects pages whose own name was made to
    /// point here (DNS rebinding), which no check of origins detects.
    public var allowedHosts: [String]?
    /// A file that gets one JSON line per request; `-` is standard error, nil logs nothing.
    public var logFile: String?

    /// No tokens, no other origins, all hosts, no log.
    public init() {}

    /// The names of a loopback address.
    public static let loopbackHosts = ["localhost", "127.0.0.1", "[::1]"]
}

/// Why access cannot be controlled as configured.
public struct AccessError: Error, Sendable, CustomStringConvertible {
    /// The reason, with the file and the line.
    public let description: String

    init(_ description: String) { self.description = description }
}
