internal import Locks
internal import TensorFormats

extension Model {
    /// A checkpoint is in place. On any thread.
    ///
    /// - Parameter bytes: bytes of logs that it made superfluous.
    func note(_ checkpoint: FileActivity.Checkpoint, covering bytes: Int) {
        activity.withLock { $0.files?.note(checkpoint, covering: bytes) }
        events.publish(.checkpointed) { writer in
            writer.key("version")
            writer.write(checkpoint.version)
            writer.key("bytes")
            writer.write(checkpoint.bytes ?? 0)
            writer.key("seconds")
            writer.write(checkpoint.seconds ?? 0)
        }
    }
}
