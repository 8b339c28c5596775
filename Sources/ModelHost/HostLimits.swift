/// Limits that keep a host alive under any load.
package struct HostLimits: Sendable {
    /// Requests that may wait in each lane for one model's worker.
    package var queuedRequests = 1024
    /// Bytes that those requests may hold.
    package var queuedBytes = 256 << 20
    /// The most rows learned as one block.
    package var blockRows = 1024

    package init() {}
}
