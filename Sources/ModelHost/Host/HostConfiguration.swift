internal import Foundation

/// How a host keeps its models, and what they may take.
public struct HostConfiguration: Sendable {
    /// How models are kept on disk; nil keeps them in memory only.
    public var durability: DurabilityConfiguration?
    /// Bytes that all models together may take; three quarters of the machine's memory by default.
    public var maximumMemory = Int(clamping: ProcessInfo.processInfo.physicalMemory / 4 * 3)
    /// Where snapshots lie while they are streamed in or out, as files without a name.
    public var spoolDirectory = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
    /// Bytes of disk that snapshots may take while they are streamed in, and as many while they are streamed out. If nil, `maximumMemory`:
    /// then any one snapshot fits.
    public var maximumSpool: Int?
    /// Seconds for which a client may take nothing of a snapshot while others wait for its place; then its download is broken off.
    public var snapshotPatience = 5.0
    /// Snapshots that may be streamed at the same time, half of them in and half of them out; each has a file open. Half of the descriptors
    /// that connections leave to the rest of the process, so that logs and checkpoints always find one.
    public var maximumSpoolFiles = 128
    /// Threads that all models share: each takes one while it learns, changes or saves its state. They are made as they are needed.
    public var workerThreads = max(16, 4 * ProcessInfo.processInfo.activeProcessorCount)
    /// Threads that a large matrix operation may use, if the BLAS lets them be set. If nil, as many as the BLAS would take by itself, but
    /// one less than there are cores: learning then leaves a core to those who predict, whose answers it would otherwise delay by whole
    /// time slices.
    public var computeThreads: Int?
    /// Requests that change a model which may wait for it, and as many that read it.
    public var maximumQueuedRequests = 1024

    /// The defaults: models in memory only.
    public init() {}
}
