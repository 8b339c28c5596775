/// Identifies a file or directory independently of its path.
public struct FileIdentity: Equatable, Sendable {
    /// The file system.
    public var device: UInt64
    /// The number within that file system.
    public var number: UInt64
    /// The number of its names; 0 if it has been removed and is still open.
    public var links: Int

    /// Makes an identity.
    public init(device: UInt64, number: UInt64, links: Int) {
        self.device = device
        self.number = number
        self.links = links
    }

    /// Whether both are the same file.
    func isSame(as other: FileIdentity) -> Bool { device == other.device && number == other.number }
}
