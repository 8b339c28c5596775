internal import Concurrency
internal import HTTPServer

/// `GET /metrics`: for Prometheus. A thread of its own writes the text: it takes some system calls, and must come when all others are
/// busy, since then it is wanted most.
final class MetricsRoute: Sendable {
    private let metrics: Metrics
    private let server: ServerReference
    private let thread: MetricsThread

    init(metrics: Metrics, server: ServerReference, thread: MetricsThread) {
        self.metrics = metrics
        self.server = server
        self.thread = thread
    }

    func add(to routes: inout RouteSet) {
        routes.on(.metrics) { request, responder in
            let format = Self.format(request)
            let responder = responder.deferred()
            let isQueued = self.thread.run { [self] in responder.send(answer(format)) }
            if !isQueued { responder.send(Problem.busy("too many requests for metrics are waiting").response) }
        }
    }

    private func answer(_ format: MetricsText.Format) -> Response {
        guard let server = server.server else { return Problem.busy("the server is stopping").response }
        let headers = [HeaderField("Cache-Control", "no-store"), HeaderField("Vary", "Accept")]
        return Response(.ok, contentType: format.contentType, headers: headers, bytes: metrics.text(format, server: server))
    }

    /// The two formats, the older one first: all understand it, and it is what a client gets that does not say what it wants.
    private static let formats: [MetricsText.Format] = [.prometheus, .openMetrics]
    private static let mediaTypes = formats.map(\.mediaType)

    /// The format that the client would rather have; the older one too where it accepts neither, for it may read it all the same.
    private static func format(_ request: borrowing Request) -> MetricsText.Format {
        formats[request.preferred(among: mediaTypes) ?? 0]
    }
}
