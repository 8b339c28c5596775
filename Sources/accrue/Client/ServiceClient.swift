import CommandSupport
import Foundation
import TensorFormats

/// The calls of the service: resends requests if that is safe and may help, and turns refusals into errors.
///
/// A client belongs to one thread at a time; each connection has its own.
final class ServiceClient {
    private let http: HTTPClient
    private let policy: RetryPolicy
    private let interruption: Interruption
    /// Called with the reason for waiting, and with nil when the server answers again.
    private let onWait: (String?) -> Void

    init(_ settings: ClientSettings, onWait: @escaping (String?) -> Void = { _ in }) {
        http = HTTPClient(settings.url, settings.http)
        policy = settings.policy
        interruption = settings.interruption
        self.onWait = onWait
    }

    var url: ServerURL { http.url }

    /// The path of a model or of one of its calls.
    static func path(_ model: String, _ call: String = "") -> String { "/v1/models/" + ServerURL.segment(model) + call }

    /// Sends a request that may be resent: it changes nothing, is idempotent, or has an idempotency key.
    ///
    /// - Parameter isFirst: whether to fail at once if there is no server: no earlier answer shows that there is one.
    /// - Returns: an answer of 2xx, or with a status in `accepting`.
    /// - Throws: `ServerRefusal`, `ServerUnavailable` after the last try, `Interrupted`, or errors of the body or the sink.
    func call(
        _ method: String, _ path: String, contentType: String = "application/json", fields: [(name: String, value: String)] = [],
        body: RequestBody = .none, accepting: Set<Int> = [], isFirst: Bool = false, onHead: (HTTPClient.Response) -> Void = { _ in },
        sink: ((UnsafeRawBufferPointer) throws -> Void)? = nil
    ) throws -> HTTPClient.Response {
        var attempt = 0
        while true {
            let reason: String
            var retryAfter: String?
            do {
                let response = try http.exchange(
                    method, path, contentType: contentType, fields: fields, body: body, onHead: onHead, sink: sink)
                if (200..<300).contains(response.status) || accepting.contains(response.status) {
                    if attempt > 0 { onWait(nil) }
                    return response
                }
                let refusal = ServerRefusal(code: response.status, detail: Self.detail(of: response))
                guard RetryPolicy.isTemporary(response.status) else { throw refusal }
                reason = refusal.description
                retryAfter = response.field("retry-after")
            } catch let failure as HTTPFailure {
                if failure.kind == .abandoned, let signal = interruption.signal { throw Interrupted(signal: signal) }
                guard failure.kind != .invalid, !(isFirst && failure.kind == .unreachable) else {
                    throw ServerUnavailable(description: failure.description)
                }
                reason = failure.description
            }
            // A stream cannot be sent again from its beginning.
            if case .stream = body { throw ServerUnavailable(description: reason) }
            attempt += 1
            guard attempt <= policy.retries else {
                throw ServerUnavailable(description: policy.retries == 0 ? reason : "\(reason), after \(policy.retries + 1) tries")
            }
            onWait(reason)
            try interruption.sleep(policy.delay(attempt: attempt, retryAfter: retryAfter))
        }
    }

    /// Requests a JSON object.
    func object(_ method: String, _ path: String, body: RequestBody = .none, isFirst: Bool = false) throws -> JSONObject {
        try Self.object(try call(method, path, body: body, isFirst: isFirst))
    }

    /// The JSON object in an answer.
    static func object(_ response: HTTPClient.Response) throws -> JSONObject {
        guard let object = try? response.body.withUnsafeBytes({ try JSONValue(parsing: $0) }).object else {
            throw ServerUnavailable(description: "the server's answer is not JSON: \(response.text.prefix(120))")
        }
        return object
    }

    /// The text of a refusal: the `detail` of problem details (RFC 9457), or the body itself.
    private static func detail(of response: HTTPClient.Response) -> String {
        let object = try? response.body.withUnsafeBytes { try JSONValue(parsing: $0) }.object
        let text = object?["detail"]?.string ?? object?["title"]?.string ?? String(response.text.prefix(200))
        let words = text.isEmpty ? "the server refused the request" : text
        return response.status == 401 ? words + "; give a token with --token-file or in ACCRUE_TOKEN" : words
    }
}
