package import TensorFormats

/// Labelled rows of one request, or of one block of a streamed request, checked and ready for the worker.
package final class LearnRows: Sendable {
    /// n·d values, row after row.
    let features: [Double]
    /// One label per row.
    let labels: PackedStrings
    let dimension: Int
    /// The request's key and hash, if it has a key.
    let identity: RequestIdentity?

    /// - Parameters:
    ///   - features: n·d finite values of at most `FeatureLimits.largestMagnitude`, row after row.
    ///   - labels: n labels.
    package init(features: [Double], labels: PackedStrings, dimension: Int, identity: RequestIdentity? = nil) {
        self.features = features
        self.labels = labels
        self.dimension = dimension
        self.identity = identity
    }

    /// Whether the labels, and so their rows, can be counted in a record.
    package static func canHold(_ labels: PackedStrings) -> Bool { max(labels.byteCount, labels.count) <= Int(UInt32.max) }

    var count: Int { labels.count }
    /// The memory it holds while it waits.
    var bytes: Int { features.count * 8 + labels.byteCount + labels.count * 8 }
}
