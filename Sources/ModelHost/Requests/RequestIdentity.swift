package import TensorFormats

/// What a client calls a request, so that sending it again does nothing twice: the field `Idempotency-Key`
/// (draft-ietf-httpapi-idempotency-key-header, section 2).
package struct IdempotencyKey: Hashable, Sendable {
    /// As it was sent, quotes included.
    let text: String

    /// The longest key in bytes.
    package static let maximumLength = 255

    /// - Returns: nil for what is no key: 1 to 255 visible ASCII characters and spaces.
    package init?(_ text: String) {
        guard (1...Self.maximumLength).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        self.text = text
    }
}

/// A request, or a block of a streamed one, under its key.
package struct RequestIdentity: Sendable {
    var key: IdempotencyKey
    /// The block's number; 0 for a request that is received whole.
    var block: Int
    /// Hash of the request, or of all blocks so far.
    var hash: UInt64

    /// The times, in seconds since 1970, that a log or a table may name: whatever a clock says, ages can be counted from them.
    static let times: ClosedRange<Int64> = -(1 << 53)...(1 << 53)

    package init(key: IdempotencyKey, block: Int, hash: UInt64) {
        self.key = key
        self.block = block
        self.hash = hash
    }

    /// What a request asks for, apart from its content.
    package enum Purpose: UInt64 { case learn = 1, learnStream, unlearn, merge }

    /// The hash of a body that ends with a full block, and of no longer one.
    package static func lastHash(_ hash: UInt64) -> UInt64 {
        withUnsafeBytes(of: hash.littleEndian) { StableHash.hash($0, seed: Purpose.learnStream.rawValue) }
    }

    /// The hash of rows and labels as they were understood: the same in whatever format they came.
    package static func hash(_ features: [Double], _ labels: PackedStrings, seed: UInt64) -> UInt64 {
        var hash = features.withUnsafeBytes { StableHash.hash($0, seed: seed) }
        hash = labels.withUnsafeBytes { StableHash.hash($0, seed: hash) }
        return labels.lengths.withUnsafeBytes { StableHash.hash($0, seed: hash) }
    }
}

extension PackedStrings {
    /// The lengths of all strings; labels are at most 1,024 bytes.
    var lengths: [UInt16] { (0..<count).map { UInt16(clamping: byteRange(at: $0).count).littleEndian } }
}
