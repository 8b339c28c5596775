package import Concurrency

/// Limits of files and disk for streamed snapshots. Each direction has its own, so that stalled downloads do not block uploads, and the
/// reverse.
package final class SpoolLimits: Sendable {
    /// The directory of the files, which have no names.
    let directory: String
    /// The most bytes of disk for the snapshots of one direction, and so for one snapshot.
    package let maximumBytes: Int
    /// The files of each direction.
    package let files: Lane.Pair<MemoryBudget>
    /// The disk of each direction.
    package let disk: Lane.Pair<MemoryBudget>
    /// Receives the work of closing a file. Whoever holds the last reference may be an event loop, and the blocks of a file without a
    /// name are freed when it is closed: milliseconds for tens of megabytes.
    package let closing: Closing
    private let patience: Double
    private let downloads = Guarded<[Weak]>([])

    private struct Weak: Sendable {
        weak var download: (any Download)?
    }

    package typealias Closing = @Sendable (_ close: @escaping @Sendable () -> Void) -> Void

    /// - Parameters:
    ///   - directory: the directory of the files.
    ///   - bytes: the disk of each direction.
    ///   - files: the number of snapshots; each direction has half.
    ///   - patience: seconds for which a download may stall while others wait for its place.
    ///   - closing: closes a file; by default on the thread that releases it.
    package init(directory: String, bytes: Int, files: Int, patience: Double, closing: @escaping Closing = { $0() }) {
        self.directory = directory
        maximumBytes = bytes
        self.files = Lane.Pair(
            writing: MemoryBudget(limit: files - files / 2), reading: MemoryBudget(limit: files / 2))
        disk = Lane.Pair(writing: MemoryBudget(limit: bytes), reading: MemoryBudget(limit: bytes))
        self.patience = patience
        self.closing = closing
    }

    /// Registers a download.
    package func note(_ download: any Download) {
        downloads.withLock { downloads in
            downloads.removeAll { $0.download == nil }
            downloads.append(Weak(download: download))
        }
    }

    /// Aborts stalled downloads: another client waits for their place, and gets it when it retries.
    func takeBackFromStalled() {
        // The references outlive the lock.
        let all = downloads.withLock { $0.compactMap(\.download) }
        for download in all where download.secondsWithoutProgress >= patience { download.breakOff() }
    }
}

/// A snapshot being sent to a client that may have stopped reading.
package protocol Download: AnyObject, Sendable {
    /// Seconds since the client last took data.
    var secondsWithoutProgress: Double { get }

    /// Aborts the download.
    func breakOff()
}
