internal import HTTPServer

/// `GET /healthz` and `GET /readyz`.
struct HealthRoutes: Sendable {
    let isReady: @Sendable () -> Bool

    func add(to routes: inout RouteSet) {
        routes.on(.liveness) { _, responder in
            send(responder, .ok, #"{"live":true}"#)
        }
        routes.on(.readiness) { [isReady] _, responder in
            if isReady() {
                send(responder, .ok, #"{"live":true,"ready":true}"#)
            } else {
                send(responder, .serviceUnavailable, #"{"live":true,"ready":false}"#)
            }
        }
    }

    private func send(_ responder: consuming Responder, _ status: Status, _ text: StaticString) {
        responder.send(
            status, contentType: "application/json", body: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
