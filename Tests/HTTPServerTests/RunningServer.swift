import Glibc

@testable import HTTPServer

/// A server on a free port, stopped with the test.
final class RunningServer {
    let server: Server
    let port: UInt16

    init(_ router: Router, _ configure: (inout ServerConfiguration) -> Void = { _ in }) throws {
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.eventLoops = 2
        // Machines may be slow: only deadlines that a test sets.
        configuration.headerDeadline = 3600
        configuration.bodyDeadline = 3600
        configuration.idleTimeout = 3600
        configuration.writeTimeout = 3600
        configure(&configuration)
        server = try Server(configuration: configuration, router: router)
        port = try server.start().port
    }

    deinit {
        server.stop(within: 0)
    }

    func connect() throws -> TestClient {
        try TestClient(port: port)
    }

    /// Waits for a condition; false if it does not hold within a generous time.
    static func eventually(_ condition: () -> Bool) -> Bool {
        for _ in 0..<24_000 {
            if condition() { return true }
            usleep(5000)
        }
        return condition()
    }
}

extension Responder {
    /// Answers with a text.
    consuming func send(_ status: Status, _ text: StaticString) {
        send(status, contentType: "text/plain", body: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}

extension Response {
    static func text(_ text: String) -> Response {
        Response(.ok, contentType: "text/plain", bytes: Array(text.utf8))
    }
}
