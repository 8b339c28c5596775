package import Concurrency
internal import Storage

/// What a model's log and checkpoints have done since the server started.
package struct FileActivity: Sendable {
    /// The newest checkpoint.
    package struct Checkpoint: Sendable {
        package var version: Int
        /// When it was in place, in seconds since 1970; nil where that is not known.
        package var time: Double?
        /// What it has, where it was made since the start.
        package var bytes: Int?
        /// Seconds from its beginning to the end, where it was made since the start.
        package var seconds: Double?

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
    package var logBytes = 0
    /// How long it took to write a block to the log and to the device.
    package var appends = DurationCounts()
    package var checkpoint: Checkpoint
    package var checkpoints = 0
    package var checkpointFailures = 0

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
