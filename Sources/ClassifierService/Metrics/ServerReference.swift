internal import Concurrency
internal import HTTPServer

/// Leads from a route back to its server, which is created after its routes.
final class ServerReference: Sendable {
    private struct Weak: Sendable {
        weak var server: Server?
    }

    private let reference = Guarded(Weak())

    /// The server; nil before it is created and after it is gone.
    var server: Server? {
        get { reference.withLock { $0.server } }
        set { reference.withLock { $0.server = newValue } }
    }
}
