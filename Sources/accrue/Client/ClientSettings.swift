import CommandSupport
import Foundation
import TensorFormats

/// The server's URL, the token, timeouts and retries: the settings of all commands that talk to a server.
struct ClientSettings: Sendable {
    var url: ServerURL
    var http: HTTPClient.Settings
    var policy: RetryPolicy
    var interruption: Interruption

    static let defaultURL = "http://127.0.0.1:8080"

    static let options = [
        Option("--url", "URL", "the server (ACCRUE_URL, or \(defaultURL))"),
        Option("--token-file", "FILE", "a file with the bearer token (the token in ACCRUE_TOKEN)"),
        Option("--retries", "N", "how often to retry a request that the server could not handle or did not answer (12)"),
        Option("--timeout", "SECONDS", "how long the server may be silent before a request counts as lost (300)"),
    ]

    /// - Parameter finishesRequests: whether the first signal lets requests under way finish, for commands that then report their progress.
    /// - Throws: `UsageError` that names the option or the variable.
    init(
        _ arguments: ParsedArguments, finishesRequests: Bool = false,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        let variable = environment["ACCRUE_URL"].flatMap { $0.isEmpty ? nil : $0 }
        url = try ServerURL(arguments.text("--url") ?? variable ?? Self.defaultURL)
        http = HTTPClient.Settings()
        http.userAgent = "accrue/\(Accrue.version)"
        if let path = arguments.text("--token-file") {
            guard let data = FileManager.default.contents(atPath: path) else { throw UsageError("--token-file: \(path) cannot be read") }
            let mark: Int
            do { mark = try data.withUnsafeBytes(ByteOrderMark.check) } catch { throw UsageError("--token-file: \(path) \(error)") }
            guard let token = Self.token(in: String(decoding: data.dropFirst(mark), as: UTF8.self)) else {
                throw UsageError("--token-file: \(path) contains no token")
            }
            http.token = try Self.check(token, "--token-file")
        } else if let token = environment["ACCRUE_TOKEN"], !token.isEmpty {
            http.token = try Self.check(token, "ACCRUE_TOKEN")
        }
        if let seconds = try arguments.seconds("--timeout") {
            http.idleTimeout = seconds
            http.connectTimeout = min(http.connectTimeout, seconds)
        }
        policy = RetryPolicy()
        if let count = try arguments.integer("--retries", in: 0...1_000_000) { policy.retries = count }
        interruption = .shared
        http.abandonment = finishesRequests ? interruption.abandonDescriptor : interruption.stopDescriptor
    }

    /// The token in a file: its first line, or in the server's own token file a `write` token before a `read` token.
    static func token(in text: String) -> String? {
        var first: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let word = words.first, !word.hasPrefix("#") else { continue }
            if words.count == 2, word == "write" { return String(words[1]) }
            first = first ?? String(words.count == 2 && word == "read" ? words[1] : word)
        }
        return first
    }

    /// Refuses characters that would not stay within the header field.
    private static func check(_ token: String, _ source: String) throws -> String {
        guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw UsageError("\(source): a token may contain only visible ASCII characters, no spaces")
        }
        return token
    }
}
