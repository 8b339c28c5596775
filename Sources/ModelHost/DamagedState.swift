/// A file written by the service has changed since.
public struct DamagedState: Error, CustomStringConvertible {
    /// The file, or the directory.
    public var path: String
    /// What is wrong with it.
    public var reason: String
    /// The path and the reason.
    public var description: String { "\(path): \(reason)" }
}
