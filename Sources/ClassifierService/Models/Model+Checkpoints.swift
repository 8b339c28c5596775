internal import Concurrency
internal import TensorFormats

extension Model {
    /// A checkpoint is in place. On any thread.
    ///
    /// - Parameter bytes: bytes of logs that it made superfluous.
    func note(_ checkpoint: FileActivity.Checkpoint, covering bytes: Int) {
        activity.withLock { $0.files?.note(checkpoint, covering: bytes) }
        events.publish(.checkpointed) { writer in
            writer.member("version", checkpoint.version)
            writer.member("bytes", checkpoint.bytes ?? 0)
            writer.member("seconds", checkpoint.seconds ?? 0)
        }
    }
}
