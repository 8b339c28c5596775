internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// `GET /v2`, `/v2/health/live` and `/v2/health/ready`.
struct InferenceHealthRoutes: Sendable {
    let registry: ModelRegistry

    func add(to routes: inout RouteSet) {
        routes.on(.inferenceServer) { _, responder in
            responder.send(
                .json { writer in
                    writer.member("name", "accrue" as StaticString)
                    writer.member("version", Service.version)
                    writer.key("extensions")
                    writer.beginArray()
                    for name in Operation.inferenceExtensions { writer.write(name) }
                    writer.endArray()
                })
        }
        routes.on(.inferenceLiveness) { _, responder in
            responder.send(Self.health(.ok, isReady: registry.isReady))
        }
        routes.on(.inferenceReadiness) { _, responder in
            let isReady = registry.isReady
            responder.send(Self.health(isReady ? .ok : .serviceUnavailable, isReady: isReady))
        }
    }

    /// Some clients read `live`, some `ready`, some the status.
    private static func health(_ status: Status, isReady: Bool) -> Response {
        .json(status) { writer in
            writer.member("live", true)
            writer.member("ready", isReady)
        }
    }
}
