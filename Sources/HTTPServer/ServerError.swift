/// Why a server cannot be created or started.
public enum ServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another socket listens on this port.
    case portInUse(UInt16)
    /// The host is not an address of this machine, or cannot be resolved.
    case unusableHost(String, reason: String)
    /// Two routes answer the same method and path.
    case ambiguousRoute(String)
    /// A route's pattern is malformed.
    case invalidRoute(String, reason: String)
    /// A value of the configuration is out of range.
    case invalidConfiguration(String)
    /// `start` was called twice, or after `stop`.
    case alreadyStarted
    /// The system provides no thread for an event loop.
    case noThread(reason: String)
    /// A system call failed.
    case system(call: String, code: Int32)

    /// One sentence for the operator.
    public var description: String {
        switch self {
        case .portInUse(let port): "port \(port) is in use"
        case .unusableHost(let host, let reason): "cannot listen on host \(host): \(reason)"
        case .ambiguousRoute(let route): "two routes match \(route)"
        case .invalidRoute(let route, let reason): "route \(route): \(reason)"
        case .invalidConfiguration(let reason): "server configuration: \(reason)"
        case .alreadyStarted: "the server was already started"
        case .noThread(let reason): reason
        case .system(let call, let code): "\(call): \(SystemCall.describe(code))"
        }
    }
}
