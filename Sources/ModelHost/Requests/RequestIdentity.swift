package import AnalyticLearning
package import TensorFormats

/// A client's name for a request, so that a repeat changes nothing: the field `Idempotency-Key`
/// (draft-ietf-httpapi-idempotency-key-header, section 2).
package struct IdempotencyKey: Hashable, Sendable {
    /// As sent, including quotes.
    let text: String

    /// The longest key in bytes.
    package static let maximumLength = 255

    /// - Returns: nil unless the text is 1 to 255 visible ASCII characters and spaces.
    package init?(_ text: String) {
        guard (1...Self.maximumLength).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        self.text = text
    }
}

/// A request, or a block of a streamed request, under its key.
package struct RequestIdentity: Sendable {
    var key: IdempotencyKey
    /// The block's number; 0 for a request that is received whole.
    var block: Int
    /// Hash of the request, or of all blocks so far.
    var hash: UInt64

    /// Valid times in logs and tables, in seconds since 1970: ages can be computed from them, whatever a clock says.
    static let times: ClosedRange<Int64> = -(1 << 53)...(1 << 53)

    package init(key: IdempotencyKey, block: Int, hash: UInt64) {
        self.key = key
        self.block = block
        self.hash = hash
    }

    /// The operation that a request asks for.
    package enum Purpose: UInt64 { case learn = 1, learnStream, unlearn, merge, unlearnByProgram, joinClasses }

    /// The hash of a streamed body that ends exactly with a full block; a longer body has another hash.
    package static func lastHash(_ hash: UInt64) -> UInt64 {
        withUnsafeBytes(of: hash.littleEndian) { StableHash.hash($0, seed: Purpose.learnStream.rawValue) }
    }

    /// The hash of a request that names two classes.
    package static func hash(_ label: Label, into target: Label) -> UInt64 {
        let first = label.withBytes { StableHash.hash($0, seed: Purpose.joinClasses.rawValue) }
        return target.withBytes { StableHash.hash($0, seed: first) }
    }

    /// The hash of decoded rows and labels, independent of the format they came in.
    package static func hash(_ features: [Double], _ labels: PackedStrings, seed: UInt64) -> UInt64 {
        var hash = features.withUnsafeBytes { StableHash.hash($0, seed: seed) }
        hash = labels.withUnsafeBytes { StableHash.hash($0, seed: hash) }
        return labels.lengths.withUnsafeBytes { StableHash.hash($0, seed: hash) }
    }
}

extension PackedStrings {
    /// The lengths of all strings; labels have at most 1,024 bytes.
    var lengths: [UInt16] { (0..<count).map { UInt16(clamping: byteRange(at: $0).count).littleEndian } }
}
