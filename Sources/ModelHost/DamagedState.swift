/// A file that the service wrote is not as it was written.
public struct DamagedState: Error, CustomStringConvertible {
    /// The file, or the directory.
    public var path: String
    /// What is wrong with it.
    public var reason: String
    /// Both.
    public var description: String { "\(path): \(reason)" }
}
