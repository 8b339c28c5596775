internal import HTTPServer

/// `GET /metrics`: for Prometheus. A thread of its own writes the text: it takes some system calls, and must come when all others are
/// busy, since then it is wanted most.
final class MetricsRoute: Sendable {
    private let metrics: Metrics
    private let server: ServerReference
    private let thread: ComputePool

    init(metrics: Metrics, server: ServerReference, thread: ComputePool) {
        self.metrics = metrics
        self.server = server
        self.thread = thread
    }

    func add(to routes: inout RouteSet) {
        routes.on(.metrics) { request, responder in
            let format = Self.format(request)
            let responder = responder.deferred()
            let isQueued = self.thread.run { [self] in responder.send(answer(format)) }
            if !isQueued { responder.send(Problem.busy("too many ask for metrics").response) }
        }
    }

    private func answer(_ format: MetricsText.Format) -> Response {
        guard let server = server.server else { return Problem.busy("the server is stopping").response }
        let headers = [HeaderField("Cache-Control", "no-store"), HeaderField("Vary", "Accept")]
        return Response(.ok, contentType: format.contentType, headers: headers, bytes: metrics.text(format, server: server))
    }

    /// OpenMetrics where the client names it, as Prometheus does by default; else the older format, which all understand.
    private static func format(_ request: borrowing Request) -> MetricsText.Format {
        let accepted = request.header("accept") ?? ""
        return accepted.lowercased().contains("application/openmetrics-text") ? .openMetrics : .prometheus
    }
}
