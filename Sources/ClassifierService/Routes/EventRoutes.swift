internal import AnalyticLearning
internal import Concurrency
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// `GET /v1/models/{model}/events`: a model's events as server-sent events (WHATWG HTML, section 9.2).
struct EventRoutes: Sendable {
    let registry: ModelRegistry
    let dispatcher: EventDispatcher

    func add(to routes: inout RouteSet) {
        routes.on(.events) { request, responder in
            let response: Response
            do throws(Problem) { response = try open(request) } catch { response = error.response }
            responder.send(response)
        }
    }

    private func open(_ request: borrowing Request) throws(Problem) -> Response {
        let model = try registry.model(of: request)
        _ = try model.weights()
        let stream: StreamBody?
        do throws(ThreadError) {
            stream = try dispatcher.open(model.events, after: Self.lastEvent(request)) { Self.state(of: model) }
        } catch {
            throw Problem(.serviceUnavailable, "events are not available now: \(error)", retryAfter: 10)
        }
        guard let stream else { throw .busy("too many clients are reading events, or the server is stopping") }
        // Proxies must not store or buffer the events.
        let headers = [HeaderField("Cache-Control", "no-store"), HeaderField("X-Accel-Buffering", "no")]
        return Response(.ok, contentType: "text/event-stream", headers: headers, body: .stream(stream))
    }

    /// The number in `Last-Event-ID`; anything else counts as absent, since this server did not send it.
    private static func lastEvent(_ request: borrowing Request) -> Int? {
        request.header("last-event-id").flatMap { Int($0) }
    }

    private static func state(of model: Model) -> [UInt8] {
        let weights = model.published
        return EventFrame.data { writer in
            writer.member("model", model.name)
            writer.member("version", weights?.version ?? 0)
            writer.member("samples", weights?.samples ?? 0)
            writer.member("classes", weights?.classCount ?? 0)
        }
    }
}
