/// Bearer tokens (RFC 6750) and what they allow.
struct TokenSet: Sendable {
    /// The longest token.
    static let maximumCount = 512

    private struct Token: Sendable {
        let octets: [UInt8]
        let isWriting: Bool
    }

    /// What a token allows.
    enum Grant: Equatable {
        case nothing
        case reading
        case writing
    }

    private var tokens: [Token] = []

    /// Whether there are no tokens.
    var isEmpty: Bool { tokens.isEmpty }

    /// Whether octets are a `b64token` (RFC 6750, section 2.1) of an accepted length.
    static func isToken(_ octets: some BidirectionalCollection<UInt8>) -> Bool {
        guard (1...maximumCount).contains(octets.count) else { return false }
        let end = octets.lastIndex { $0 != UInt8(ascii: "=") }
        guard let end else { return false }
        return octets[...end].allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default: false
            }
        }
    }

    /// Adds a token; returns false if it already exists.
    mutating func insert(_ octets: [UInt8], isWriting: Bool) -> Bool {
        guard !tokens.contains(where: { $0.octets == octets }) else { return false }
        tokens.append(Token(octets: octets, isWriting: isWriting))
        return true
    }

    /// What a client's token allows.
    ///
    /// Every token is compared to its end, whatever the client sent, so that the time does not reveal how much of a guess was right.
    ///
    /// - Complexity: O(tokens · octets of the candidate); allocates nothing.
    func grant(_ candidate: UnsafeRawBufferPointer) -> Grant {
        guard !candidate.isEmpty, candidate.count <= Self.maximumCount else { return .nothing }
        var reads: UInt8 = 0
        var writes: UInt8 = 0
        for index in tokens.indices {
            let isEqual = Self.equal(tokens[index].octets, candidate)
            reads |= isEqual
            writes |= isEqual & (tokens[index].isWriting ? 1 : 0)
        }
        return writes != 0 ? .writing : reads != 0 ? .reading : .nothing
    }

    /// 1 if the octets are equal, otherwise 0; the time depends only on the lengths.
    @inline(never)
    private static func equal(_ token: [UInt8], _ candidate: UnsafeRawBufferPointer) -> UInt8 {
        var difference = UInt(bitPattern: token.count ^ candidate.count)
        for index in 0..<candidate.count { difference |= UInt(token[index % token.count] ^ candidate[index]) }
        return UInt8(truncatingIfNeeded: (difference | (0 &- difference)) >> UInt(UInt.bitWidth - 1)) ^ 1
    }
}
