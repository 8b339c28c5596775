internal import ModelHost
internal import TensorFormats

/// Rows of a streamed body that are learned together.
///
/// Blocks are cut by the number of rows alone, so the same body always makes the same blocks, however its octets were cut on the way:
/// a block's number names the same rows when a client sends the body again.
struct LearnBlock: Sendable {
    /// From 0.
    var number: Int
    var features: [Double] = []
    var labels = PackedStrings()
    /// The hash of this block and all before it; of those before it until the block is full. Counted only where the request has a key.
    var hash = RequestIdentity.Purpose.learnStream.rawValue

    init(number: Int) { self.number = number }

    /// Rows in a full block: at most `limit`, and fewer where they are very long.
    static func rows(dimension: Int, limit: Int) -> Int {
        max(1, min(limit, maximumBytes / 8 / max(1, dimension)))
    }

    /// What the features of a block may take in memory.
    private static let maximumBytes = 4 << 20
}
