/// A label's number in random draws: FNV-1a over its UTF-8 bytes, 64 bits wide.
///
/// A column number would not do: merging and deleting change it, but must not change the draws of a class.
struct LabelHash: Sendable {
    /// The hash.
    let value: UInt64

    /// Hashes a label (offset basis 0xCBF29CE484222325, prime 0x100000001B3).
    init(_ label: Label) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        label.withBytes { for byte in $0 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 } }
        value = hash
    }
}
