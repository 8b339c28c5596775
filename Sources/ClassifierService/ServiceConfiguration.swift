public import HTTPServer
public import ModelHost

/// How a service runs.
public struct ServiceConfiguration: Sendable {
    /// The HTTP server's part.
    public var server = ServerConfiguration()
    /// Who may call it.
    public var access = AccessConfiguration()
    /// The models' part.
    public var host = HostConfiguration()
    /// Threads for large bodies, large predictions and snapshot files.
    public var poolThreads = 2

    /// The defaults.
    public init() {}
}
