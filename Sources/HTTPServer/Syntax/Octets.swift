/// A set of ASCII octets in two words, so that a test is a shift without memory access.
struct OctetSet {
    let low: UInt64
    let high: UInt64

    @inline(__always)
    func contains(_ octet: UInt8) -> Bool {
        octet < 64 ? (low &>> UInt64(octet)) & 1 != 0 : octet < 128 && (high &>> UInt64(octet &- 64)) & 1 != 0
    }
}

/// The octet classes of the grammars.
enum Octets {
    /// `tchar` (RFC 9110, section 5.6.2).
    @inline(__always) static var token: OctetSet { OctetSet(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe) }
    /// `pchar`, `/` and `%` (RFC 3986, section 3.3).
    @inline(__always) static var path: OctetSet { OctetSet(low: 0x2fff_fff2_0000_0000, high: 0x47ff_fffe_87ff_ffff) }
    /// `path` with `?`, and the brackets that clients leave unencoded in queries (RFC 3986, section 3.4).
    @inline(__always) static var query: OctetSet { OctetSet(low: 0xafff_fff2_0000_0000, high: 0x47ff_fffe_afff_ffff) }
    /// `reg-name` (RFC 3986, section 3.2.2).
    @inline(__always) static var host: OctetSet { OctetSet(low: 0x2bff_7ff2_0000_0000, high: 0x47ff_fffe_87ff_fffe) }
    /// The octets of an IPv6 literal.
    @inline(__always) static var ipv6: OctetSet { OctetSet(low: 0x07ff_4000_0000_0000, high: 0x0000_007e_0000_007e) }

    /// An octet of a field value: no control but tab (RFC 9110, section 5.5). Octets above 0x7f are opaque.
    @inline(__always) static func isFieldValue(_ octet: UInt8) -> Bool {
        octet >= 0x20 ? octet != 0x7f : octet == 0x09
    }

    @inline(__always) static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 }

    @inline(__always) static func lowercased(_ octet: UInt8) -> UInt8 {
        octet &- UInt8(ascii: "A") < 26 ? octet | 0x20 : octet
    }

    /// The value of a hexadecimal digit, or nil.
    @inline(__always) static func hexadecimal(_ octet: UInt8) -> UInt8? {
        let digit = octet &- UInt8(ascii: "0")
        if digit < 10 { return digit }
        let letter = (octet | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? letter + 10 : nil
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the octets are `text`, ignoring ASCII case.
    @inline(__always)
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        let other = text.utf8Start
        for index in 0..<count where Octets.lowercased(self[index]) != Octets.lowercased(other[index]) { return false }
        return true
    }

    /// Whether the octets are `text`.
    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        let other = text.utf8Start
        for index in 0..<count where self[index] != other[index] { return false }
        return true
    }

    /// A subrange of the octets.
    @inline(__always)
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }

    /// The octets without leading and trailing spaces and tabs (OWS, RFC 9110, section 5.6.3).
    func trimmingBlanks() -> UnsafeRawBufferPointer {
        var from = 0
        var to = count
        while from < to, Octets.isBlank(self[from]) { from += 1 }
        while to > from, Octets.isBlank(self[to - 1]) { to -= 1 }
        return part(from..<to)
    }
}
