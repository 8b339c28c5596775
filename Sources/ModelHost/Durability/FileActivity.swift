package import Concurrency
internal import Storage

/// The activity of a model's log and checkpoints since the server started.
package struct FileActivity: Sendable {
    /// The newest checkpoint.
    package struct Checkpoint: Sendable {
        package var version: Int
        /// When it was in place, in seconds since 1970; nil if unknown.
        package var time: Double?
        /// Its size, if it was written since the start.
        package var bytes: Int?
        /// Its duration in seconds, if it was written since the start.
        package var seconds: Double?

        init(version: Int, time: Double?) {
            self.version = version
            self.time = time
        }

        /// A checkpoint that has just been put in place.
        ///
        /// - Parameter start: when it began, in seconds of `MonotonicClock.now`.
        init(_ writer: CheckpointWriter, since start: Double) {
            version = writer.version
            time = WallClock.now
            bytes = writer.size
            seconds = MonotonicClock.seconds(since: start)
        }
    }

    /// Bytes of logged rows that are in no checkpoint.
    package var logBytes = 0
    /// Durations of writing a block to the log and the device.
    package var appends = DurationCounts()
    package var checkpoint: Checkpoint
    package var checkpoints = 0
    package var checkpointFailures = 0

    init(checkpoint: Checkpoint, logBytes: Int = 0, checkpoints: Int = 0) {
        self.checkpoint = checkpoint
        self.logBytes = logBytes
        self.checkpoints = checkpoints
    }

    /// Records that a checkpoint is in place and its logs are removed.
    mutating func note(_ checkpoint: Checkpoint, covering bytes: Int) {
        self.checkpoint = checkpoint
        checkpoints += 1
        logBytes = max(0, logBytes - bytes)
    }
}
