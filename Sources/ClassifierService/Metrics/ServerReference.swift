internal import Concurrency
internal import HTTPServer

/// The way from a route back to the server that serves it, which is made after its routes.
final class ServerReference: Sendable {
    private struct Weak: Sendable {
        weak var server: Server?
    }

    private let reference = Guarded(Weak())

    /// The server; nil before it is made, and after it is gone.
    var server: Server? {
        get { reference.withLock { $0.server } }
        set { reference.withLock { $0.server = newValue } }
    }
}
