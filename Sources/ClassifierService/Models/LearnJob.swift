internal import TensorFormats

/// The rows of one learn request, or of one block of a streamed one, checked and waiting for their model's worker.
final class LearnJob: Sendable {
    /// Rows one after another.
    let features: [Double]
    /// One label a row.
    let labels: PackedStrings
    let dimension: Int
    let receiver: LearnReceiver
    /// What the client calls it, where it has a name.
    let identity: RequestIdentity?

    init(features: [Double], labels: PackedStrings, dimension: Int, receiver: LearnReceiver, identity: RequestIdentity? = nil) {
        self.features = features
        self.labels = labels
        self.dimension = dimension
        self.receiver = receiver
        self.identity = identity
    }

    var rows: Int { labels.count }
    /// The memory it holds while it waits.
    var bytes: Int { features.count * 8 + labels.byteCount + labels.count * 8 }
}
