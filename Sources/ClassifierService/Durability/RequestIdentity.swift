internal import HTTPServer
internal import TensorFormats

/// What a client calls a request, so that sending it again does nothing twice: the field `Idempotency-Key`
/// (draft-ietf-httpapi-idempotency-key-header, section 2).
struct IdempotencyKey: Hashable, Sendable {
    /// As it was sent, quotes included.
    let text: String

    /// The longest key in bytes.
    static let maximumLength = 255

    /// - Returns: nil for what is no key: 1 to 255 visible ASCII characters and spaces.
    init?(_ text: String) {
        guard (1...Self.maximumLength).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        self.text = text
    }

    /// The key of a request, where it has one.
    ///
    /// - Throws: 400.
    static func of(_ request: borrowing Request) throws(Problem) -> IdempotencyKey? {
        guard let text = request.header("idempotency-key") else { return nil }
        guard !request.headerIsRepeated("idempotency-key"), let key = IdempotencyKey(text) else {
            throw Problem(.badRequest, "Idempotency-Key must be given once, and be 1 to \(maximumLength) visible ASCII characters")
        }
        return key
    }
}

/// A request, or a block of a streamed one, under its key.
struct RequestIdentity: Sendable {
    var key: IdempotencyKey
    /// The block's number; 0 for a request that is received whole.
    var block: Int
    /// Hash of the request, or of all blocks so far.
    var hash: UInt64

    /// What a request asks for, apart from its content.
    enum Purpose: UInt64 { case learn = 1, learnStream, unlearn, merge }

    /// The hash of a body that ends with a full block, and of no longer one.
    static func lastHash(_ hash: UInt64) -> UInt64 {
        withUnsafeBytes(of: hash.littleEndian) { StableHash.hash($0, seed: Purpose.learnStream.rawValue) }
    }

    /// The hash of rows and labels as they were understood: the same in whatever format they came.
    static func hash(_ features: [Double], _ labels: PackedStrings, seed: UInt64) -> UInt64 {
        var hash = features.withUnsafeBytes { StableHash.hash($0, seed: seed) }
        hash = labels.withUnsafeBytes { StableHash.hash($0, seed: hash) }
        return labels.lengths.withUnsafeBytes { StableHash.hash($0, seed: hash) }
    }
}

extension PackedStrings {
    /// The lengths of all strings; labels are at most 1,024 bytes.
    var lengths: [UInt16] { (0..<count).map { UInt16(clamping: byteRange(at: $0).count).littleEndian } }
}
