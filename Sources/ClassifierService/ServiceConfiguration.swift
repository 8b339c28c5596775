internal import Foundation
public import HTTPServer

/// How a service runs.
public struct ServiceConfiguration: Sendable {
    /// The HTTP server's part.
    public var server = ServerConfiguration()
    /// Who may call it.
    public var access = AccessConfiguration()
    /// Bytes that all models together may take; three quarters of the machine's memory by default.
    public var maximumMemory = Int(clamping: ProcessInfo.processInfo.physicalMemory / 4 * 3)
    /// Where snapshots lie while they are streamed in or out, as files without a name.
    public var spoolDirectory = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
    /// Bytes of disk that those which are streamed in may take, and as much those which are streamed out; past it, 503. `maximumMemory` where
    /// nil: any one snapshot then fits.
    public var maximumSpool: Int?
    /// Seconds for which a client may take nothing of a snapshot while others wait for its place; then its download is broken off.
    public var snapshotPatience = 5.0
    /// How models are kept on disk; nil keeps them in memory only.
    public var durability: DurabilityConfiguration?
    /// Threads for large bodies, large predictions and snapshot files.
    public var poolThreads = 2
    /// Threads that all models share: each takes one while it learns, changes or saves its state. They are made as they are needed.
    public var workerThreads = max(16, 4 * ProcessInfo.processInfo.activeProcessorCount)
    /// Threads that a large matrix operation may use, where the BLAS lets them be set. Where nil, as many as the BLAS would take by itself,
    /// but one less than there are cores: learning then leaves a core to the event loops, whose answers it would otherwise delay by whole
    /// time slices.
    public var computeThreads: Int?
    /// Requests that change a model which may wait for it, and as many that read it; past it, 503.
    public var maximumQueuedRequests = 1024

    /// The defaults.
    public init() {}
}
