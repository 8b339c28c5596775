/// Bounds that keep a host of models alive under any load.
package struct HostLimits: Sendable {
    /// Requests that may wait in each lane for one model's worker.
    package var queuedRequests = 1024
    /// Bytes that they may hold.
    package var queuedBytes = 256 << 20
    /// Rows that are learned as one block, at most.
    package var blockRows = 1024

    package init() {}
}
