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
    /// Bytes of disk that all of them together may take; past it, 503. `maximumMemory` where nil: any one snapshot then fits.
    public var maximumSpool: Int?
    /// How models are kept on disk; nil keeps them in memory only.
    public var durability: DurabilityConfiguration?
    /// Threads for large bodies, large predictions and snapshot files.
    public var poolThreads = 2
    /// Threads that a large matrix operation may use, where the BLAS lets them be set. Where nil, as many as the BLAS would take by itself,
    /// but one less than there are cores: learning then leaves a core to the event loops, whose answers it would otherwise delay by whole
    /// time slices.
    public var computeThreads: Int?
    /// Learn requests that may wait for one model; past it, 503.
    public var maximumQueuedRequests = 1024

    /// The defaults.
    public init() {}
}
