/// The checksum of zlib streams (RFC 1950, section 8.2).
enum Adler32 {
    /// The checksum of `bytes`.
    ///
    /// - Complexity: Linear, without allocation.
    static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
        var (a, b): (UInt32, UInt32) = (1, 0)
        var position = 0
        while position < bytes.count {
            // This many bytes of 255 cannot overflow 32 bits before the remainders are taken.
            let end = min(position &+ 5552, bytes.count)
            while position < end {
                a &+= UInt32(bytes[position])
                b &+= a
                position &+= 1
            }
            a %= 65521
            b %= 65521
        }
        return b << 16 | a
    }
}
