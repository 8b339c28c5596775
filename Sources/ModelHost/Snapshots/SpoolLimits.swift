package import Concurrency

/// What all snapshots may take of files and disk while they are streamed: each direction has its own, so that downloads which nobody reads
/// keep no upload out, and the reverse.
package final class SpoolLimits: Sendable {
    /// Where the files lie, without names.
    let directory: String
    /// Bytes of disk that the snapshots of one direction may take at most, and so one.
    package let maximumBytes: Int
    /// The files of each direction.
    package let files: Lane.Pair<MemoryBudget>
    /// The disk of each direction.
    package let disk: Lane.Pair<MemoryBudget>
    private let patience: Double
    private let downloads = Guarded<[Weak]>([])

    private struct Weak: Sendable {
        weak var download: (any Download)?
    }

    /// - Parameters:
    ///   - directory: where the files lie.
    ///   - bytes: the disk of each direction.
    ///   - files: the number of snapshots, of which each direction has half.
    ///   - patience: seconds for which a download may stand still while others wait for its place.
    package init(directory: String, bytes: Int, files: Int, patience: Double) {
        self.directory = directory
        maximumBytes = bytes
        self.files = Lane.Pair(
            writing: MemoryBudget(limit: files - files / 2), reading: MemoryBudget(limit: files / 2))
        disk = Lane.Pair(writing: MemoryBudget(limit: bytes), reading: MemoryBudget(limit: bytes))
        self.patience = patience
    }

    /// A download has begun.
    package func note(_ download: any Download) {
        downloads.withLock { downloads in
            downloads.removeAll { $0.download == nil }
            downloads.append(Weak(download: download))
        }
    }

    /// Breaks off the downloads whose clients have taken nothing for a while: somebody waits for their place, and finds it when it asks
    /// again.
    func takeBackFromStalled() {
        // The references outlive the lock.
        let all = downloads.withLock { $0.compactMap(\.download) }
        for download in all where download.secondsWithoutProgress >= patience { download.breakOff() }
    }
}

/// A snapshot on its way to somebody who may have stopped taking it.
package protocol Download: AnyObject, Sendable {
    /// Seconds since the reader took something last.
    var secondsWithoutProgress: Double { get }

    /// Ends it half-way.
    func breakOff()
}
