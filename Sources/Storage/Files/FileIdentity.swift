/// Which file or directory it is, whatever its path.
public struct FileIdentity: Equatable, Sendable {
    /// The file system.
    public var device: UInt64
    /// Its number in that file system.
    public var number: UInt64
    /// The names that it has; 0 where it has been removed and is only open still.
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
