/// Sizes in bytes as people write them: 4096, 512K, 64M, 2G (powers of 1024).
package enum ByteCount {
    /// - Returns: nil if the text is not a size of at least 1, or is too large.
    package static func parse(_ text: String) -> Int? {
        var digits = Substring(text)
        var factor = 1
        switch digits.last {
        case "K", "k": factor = 1 << 10
        case "M", "m": factor = 1 << 20
        case "G", "g": factor = 1 << 30
        case "T", "t": factor = 1 << 40
        default: break
        }
        if factor > 1 { digits.removeLast() }
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits), number > 0 else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }
}
