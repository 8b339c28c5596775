internal import Concurrency
internal import HTTPServer
internal import Storage

/// What a model's log and checkpoints have done since the server started.
struct FileActivity: Sendable {
    /// The newest checkpoint.
    struct Checkpoint: Sendable {
        var version: Int
        /// When it was in place, in seconds since 1970; nil where that is not known.
        var time: Double?
        /// What it has, where it was made since the start.
        var bytes: Int?
        /// Seconds from its beginning to the end, where it was made since the start.
        var seconds: Double?

        init(version: Int, time: Double?) {
            self.version = version
            self.time = time
        }

        /// One that has just been put in place.
        ///
        /// - Parameter start: when it was begun, in seconds of `MonotonicClock.now`.
        init(_ writer: CheckpointWriter, since start: Double) {
            version = writer.version
            time = WallClock.now
            bytes = writer.size
            seconds = MonotonicClock.seconds(since: start)
        }
    }

    /// Bytes of the rows that are in logs and in no checkpoint.
    var logBytes = 0
    /// How long it took to write a block to the log and to the device.
    var appends = DurationCounts()
    var checkpoint: Checkpoint
    var checkpoints = 0
    var checkpointFailures = 0

    init(checkpoint: Checkpoint, logBytes: Int = 0, checkpoints: Int = 0) {
        self.checkpoint = checkpoint
        self.logBytes = logBytes
        self.checkpoints = checkpoints
    }

    /// A checkpoint is in place, and the logs before it are gone.
    mutating func note(_ checkpoint: Checkpoint, covering bytes: Int) {
        self.checkpoint = checkpoint
        checkpoints += 1
        logBytes = max(0, logBytes - bytes)
    }
}
