/// When a request is sent again that the server could not do now, or that got no answer.
///
/// Waits grow twofold, with all of their length drawn at random, so that clients which failed together do not come back together
/// ("full jitter"; M. Brooker, Exponential Backoff And Jitter, 2015). `Retry-After` (RFC 9110, section 10.2.3) is the least wait.
struct RetryPolicy: Sendable {
    /// How often one request is sent again.
    var retries = 12
    /// The bound of the first wait, in seconds.
    var firstDelay = 0.5
    /// The bound of all waits.
    var maximumDelay = 15.0
    /// The longest wait that a server may ask for.
    static let maximumRetryAfter = 300.0

    /// Whether an answer says that a later try may pass.
    static func isTemporary(_ status: Int) -> Bool { [408, 429, 502, 503, 504, 507].contains(status) }

    /// The seconds before try number `attempt`, from 1.
    ///
    /// - Parameters:
    ///   - retryAfter: the field's value: a number of seconds; a date is taken as none.
    ///   - random: from 0 to 1.
    func delay(attempt: Int, retryAfter: String?, random: Double = .random(in: 0...1)) -> Double {
        var bound = firstDelay
        for _ in 1..<max(attempt, 1) where bound < maximumDelay { bound *= 2 }
        let wait = min(bound, maximumDelay) * random
        guard let seconds = retryAfter.flatMap({ Int($0) }), seconds >= 0 else { return wait }
        return min(Double(seconds), Self.maximumRetryAfter) + wait
    }
}
