internal import HTTPServer
internal import ModelHost

/// `GET /v1/traffic`: the last ten minutes of the server's traffic, for charts. The thread that keeps the history answers.
struct TrafficRoute: Sendable {
    let registry: ModelRegistry
    let recorder: TrafficRecorder
    let thread: MetricsThread

    func add(to routes: inout RouteSet) {
        routes.on(.traffic) { request, responder in
            let model: Model?
            do throws(Problem) {
                model = try request.query("model").map { (name) throws(Problem) in
                    try Problem.of { () throws(ModelError) in try registry.model(named: name) }
                }
            } catch { return responder.send(error.response) }
            let responder = responder.deferred()
            let isQueued = thread.run { [recorder] in responder.send(recorder.answer(model).response) }
            if !isQueued { responder.send(Problem.busy("too many requests for metrics are waiting").response) }
        }
    }
}
