internal import Foundation

/// How a host keeps its models, and the resources they may use.
public struct HostConfiguration: Sendable {
    /// How models are kept on disk; nil keeps them in memory only.
    public var durability: DurabilityConfiguration?
    /// Bytes that all models together may take; three quarters of the machine's memory by default.
    public var maximumMemory = Int(clamping: ProcessInfo.processInfo.physicalMemory / 4 * 3)
    /// Directory of snapshots while they are streamed in or out, as files without a name.
    public var spoolDirectory = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
    /// Bytes of disk for snapshots streamed in, and the same for those streamed out. Nil means `maximumMemory`: any snapshot fits then.
    public var maximumSpool: Int?
    /// Seconds for which a download may stall while others wait for its place; then it is aborted.
    public var snapshotPatience = 5.0
    /// Snapshots that may be streamed at the same time, half of them in and half out; each has a file open. The limit is half of the
    /// descriptors that connections leave to the rest of the process, so that logs and checkpoints always find one.
    public var maximumSpoolFiles = 128
    /// Threads that all models share: a model takes one while it learns, changes or saves its state. They are created on demand.
    public var workerThreads = max(16, 4 * ProcessInfo.processInfo.activeProcessorCount)
    /// Threads that a large matrix operation may use, if the BLAS allows setting them. Nil means the BLAS's own number, but one less than
    /// the cores: learning then leaves a core to predictions, which it would otherwise delay by whole time slices.
    public var computeThreads: Int?
    /// Requests that may wait for a model: this many changes, and as many reads.
    public var maximumQueuedRequests = 1024

    /// Seconds after its last block for which a model keeps the buffers of learning.
    package var restDelay = 5.0

    /// The defaults: models in memory only.
    public init() {}
}
