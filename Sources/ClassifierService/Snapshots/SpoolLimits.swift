internal import Concurrency
internal import HTTPServer

/// What all snapshots may take of files and disk while they are streamed: each direction has its own, so that downloads which nobody reads
/// keep no upload out, and the reverse.
final class SpoolLimits: Sendable {
    /// Bytes of disk that the snapshots of one direction may take at most, and so one.
    let maximumBytes: Int
    /// The files of each direction.
    let files: Lane.Pair<MemoryBudget>
    /// The disk of each direction.
    let disk: Lane.Pair<MemoryBudget>
    private let patience: Double
    private let downloads = Guarded<[Weak]>([])

    private struct Weak: Sendable {
        weak var body: FileBody?
    }

    /// - Parameters:
    ///   - bytes: the disk of each direction.
    ///   - files: the number of snapshots, of which each direction has half.
    ///   - patience: seconds for which a download may stand still while others wait for its place.
    init(bytes: Int, files: Int, patience: Double) {
        maximumBytes = bytes
        self.files = Lane.Pair(
            writing: MemoryBudget(limit: files - files / 2), reading: MemoryBudget(limit: files / 2))
        disk = Lane.Pair(writing: MemoryBudget(limit: bytes), reading: MemoryBudget(limit: bytes))
        self.patience = patience
    }

    /// A download has begun.
    func note(_ body: FileBody) {
        downloads.withLock { downloads in
            downloads.removeAll { $0.body == nil }
            downloads.append(Weak(body: body))
        }
    }

    /// Breaks off the downloads whose clients have taken nothing for a while: somebody waits for their place, and finds it when it asks
    /// again.
    func takeBackFromStalled() {
        // The references outlive the lock.
        let bodies = downloads.withLock { $0.compactMap(\.body) }
        for body in bodies where body.secondsWithoutProgress >= patience { body.breakOff() }
    }
}
