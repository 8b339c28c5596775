/// How models are kept on disk.
public struct DurabilityConfiguration: Sendable {
    /// The data directory; made where it is not there.
    public var directory: String
    /// Checkpoints kept of each model, the newest included. Unlearning removes all older ones whatever this says.
    public var keptCheckpoints = 1
    /// Bytes of log after which a checkpoint is made.
    public var checkpointLogBytes = 256 << 20
    /// Seconds after which logged rows are in a checkpoint, and gone from the log.
    public var checkpointAge = 900.0

    /// The defaults.
    public init(directory: String) { self.directory = directory }
}
