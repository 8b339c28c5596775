/// An ID for one request, which its answer returns as `X-Request-Id`, so that the logs of a client, a proxy and the server can be
/// compared.
///
/// A value of fixed size, so it allocates nothing.
public struct RequestID: Sendable, CustomStringConvertible {
    /// The longest ID accepted from a client, in octets.
    public static let maximumCount = 64

    private var octets = InlineArray<64, UInt8>(repeating: 0)
    private var length = 0

    /// No ID.
    init() {}

    /// An ID made from a number: 16 hexadecimal digits.
    init(number: UInt64) {
        var rest = number
        for index in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: rest >> 60)
            octets[index] = digit &+ (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") &- 10)
            rest <<= 4
        }
        length = 16
    }

    /// A client's ID for its request; nil unless it has 1 to `maximumCount` octets of `[A-Za-z0-9._~+/=:-]`. These need no escape
    /// in a field, in JSON or in a shell.
    init?(given text: UnsafeRawBufferPointer) {
        guard !text.isEmpty, text.count <= Self.maximumCount, text.allSatisfy(Self.allowed.contains) else { return nil }
        for index in 0..<text.count { octets[index] = text[index] }
        length = text.count
    }

    private static var allowed: OctetSet { OctetSet(low: 0x27ff_e800_0000_0000, high: 0x47ff_fffe_87ff_fffe) }

    /// Whether there is no ID.
    var isEmpty: Bool { length == 0 }

    /// Calls `body` with the octets, all of them ASCII.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try withUnsafeBytes(of: octets) { try body(UnsafeRawBufferPointer(rebasing: $0[..<length])) }
    }

    /// The ID as text.
    public var description: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}
