internal import Concurrency

/// One snapshot's share of the files and disk for streaming; released with the last reference.
package final class SpoolShare: Sendable {
    private let limits: SpoolLimits
    private let lane: Lane
    private let file: Reservation
    private let disk: Reservation

    /// A share of one file, and of no disk yet.
    ///
    /// - Throws: `unavailable` if there are too many.
    init(_ limits: SpoolLimits, _ lane: Lane) throws(ModelError) {
        guard let file = Reservation(1, of: limits.files[lane]) else {
            if lane == .reading { limits.takeBackFromStalled() }
            throw .busy("\(limits.files[lane].limit) snapshots are already being \(lane == .reading ? "downloaded" : "uploaded")")
        }
        self.limits = limits
        self.lane = lane
        self.file = file
        disk = Reservation(of: limits.disk[lane])
    }

    /// Takes more bytes. Calls for one snapshot must not overlap.
    ///
    /// - Throws: `unavailable` if others take the room; `outOfSpace` if the total is too small.
    package func take(_ bytes: Int) throws(ModelError) {
        let total = disk.bytes.addingReportingOverflow(bytes)
        guard !total.overflow, total.partialValue <= limits.maximumBytes else {
            throw ModelError(
                .outOfSpace,
                "the snapshot is larger than the \(limits.maximumBytes) bytes that all streamed snapshots may take; raise --max-spool"
            )
        }
        guard disk.resize(to: total.partialValue) else {
            if lane == .reading { limits.takeBackFromStalled() }
            throw .busy("other snapshots take all the disk space reserved for streaming")
        }
    }
}
