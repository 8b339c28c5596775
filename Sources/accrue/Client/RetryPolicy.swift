/// When to resend a request that the server could not handle yet, or that got no answer.
///
/// Waits double, and each is drawn at random from zero to its bound, so that clients that failed together do not return together ("full
/// jitter"; M. Brooker, Exponential Backoff And Jitter, 2015). `Retry-After` (RFC 9110, section 10.2.3) is the minimum.
struct RetryPolicy: Sendable {
    /// How often a request is resent.
    var retries = 12
    /// The bound of the first wait, in seconds.
    var firstDelay = 0.5
    /// The bound of all waits.
    var maximumDelay = 15.0
    /// The longest wait that a server may request.
    static let maximumRetryAfter = 300.0

    /// Whether a later retry may succeed after this status.
    static func isTemporary(_ status: Int) -> Bool { [408, 429, 502, 503, 504, 507].contains(status) }

    /// The seconds before try number `attempt`, from 1.
    ///
    /// - Parameters:
    ///   - retryAfter: the field's value: a number of seconds; a date is ignored.
    ///   - random: from 0 to 1.
    func delay(attempt: Int, retryAfter: String?, random: Double = .random(in: 0...1)) -> Double {
        var bound = firstDelay
        for _ in 1..<max(attempt, 1) where bound < maximumDelay { bound *= 2 }
        let wait = min(bound, maximumDelay) * random
        guard let seconds = retryAfter.flatMap({ Int($0) }), seconds >= 0 else { return wait }
        return min(Double(seconds), Self.maximumRetryAfter) + wait
    }
}
