/// How models are kept on disk.
public struct DurabilityConfiguration: Sendable {
    /// The data directory; created if missing.
    public var directory: String
    /// Checkpoints kept per model, including the newest. An unlearn always removes all older ones.
    public var keptCheckpoints = 1
    /// Bytes of log after which a checkpoint is made.
    public var checkpointLogBytes = 256 << 20
    /// Seconds after which logged rows move into a checkpoint and leave the log.
    public var checkpointAge = 900.0

    /// The defaults.
    public init(directory: String) { self.directory = directory }
}
