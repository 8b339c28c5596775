/// The well-formed byte sequences of UTF-8 beyond ASCII.
enum UTF8Sequence {
    /// The length of the sequence at `position`, or 0 if RFC 3629, section 4, does not allow it: overlong forms, surrogates and code points
    /// past U+10FFFF are not UTF-8.
    static func length(_ base: UnsafeRawPointer, _ position: Int, _ end: Int) -> Int {
        func byte(_ index: Int) -> UInt8 { base.load(fromByteOffset: position &+ index, as: UInt8.self) }
        func isTail(_ index: Int) -> Bool { byte(index) & 0xC0 == 0x80 }
        let available = end &- position
        guard available >= 2 else { return 0 }
        let second = byte(1)
        switch byte(0) {
        case 0xC2...0xDF:
            return isTail(1) ? 2 : 0
        case let lead where lead & 0xF0 == 0xE0:
            guard available >= 3, isTail(1), isTail(2) else { return 0 }
            if lead == 0xE0, second < 0xA0 { return 0 }
            if lead == 0xED, second > 0x9F { return 0 }
            return 3
        case let lead where lead >= 0xF0 && lead <= 0xF4:
            guard available >= 4, isTail(1), isTail(2), isTail(3) else { return 0 }
            if lead == 0xF0, second < 0x90 { return 0 }
            if lead == 0xF4, second > 0x8F { return 0 }
            return 4
        default:
            return 0
        }
    }

    /// Whether all of `text` is well-formed UTF-8.
    static func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let base = text.baseAddress else { return true }
        var position = 0
        while position < text.count {
            if text[position] < 0x80 {
                position += 1
                continue
            }
            let length = length(base, position, text.count)
            if length == 0 { return false }
            position += length
        }
        return true
    }
}
