internal import HTTPServer
internal import TensorFormats

/// The rows of one learn request, checked and waiting for their model's worker.
final class LearnJob: Sendable {
    /// Rows one after another.
    let features: [Double]
    /// One label a row.
    let labels: PackedStrings
    let dimension: Int
    let responder: DeferredResponder

    init(features: [Double], labels: PackedStrings, dimension: Int, responder: DeferredResponder) {
        self.features = features
        self.labels = labels
        self.dimension = dimension
        self.responder = responder
    }

    var rows: Int { labels.count }
    /// The memory it holds while it waits.
    var bytes: Int { features.count * 8 + labels.byteCount + labels.count * 8 }
}
