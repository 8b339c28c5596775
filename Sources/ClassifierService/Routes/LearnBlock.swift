internal import ModelHost
internal import TensorFormats

/// Rows of a streamed body that are learned together.
///
/// Blocks are cut only by the number of rows, so the same body always makes the same blocks, however its octets arrive: a block number
/// names the same rows when a client sends the body again.
struct LearnBlock: Sendable {
    /// From 0.
    var number: Int
    var features: [Double] = []
    var labels = PackedStrings()
    /// The hash of all blocks up to this one; without this one until it is full. Computed only if the request has a key.
    var hash = RequestIdentity.Purpose.learnStream.rawValue

    init(number: Int) { self.number = number }

    /// Rows in a full block: at most `limit`, and fewer if they are very long.
    static func rows(dimension: Int, limit: Int) -> Int {
        max(1, min(limit, maximumBytes / 8 / max(1, dimension)))
    }

    /// The most bytes of a block's features.
    private static let maximumBytes = 4 << 20
}
