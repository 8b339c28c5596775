public import HTTPServer
public import ModelHost

/// A service's configuration.
public struct ServiceConfiguration: Sendable {
    /// The HTTP server's configuration.
    public var server = ServerConfiguration()
    /// Who may call it.
    public var access = AccessConfiguration()
    /// The models' configuration.
    public var host = HostConfiguration()
    /// Threads for large bodies, large predictions and snapshot files.
    public var poolThreads = 2

    /// The defaults.
    public init() {}
}
