extension JSONScanner {
    /// The deepest nesting that `skipValue` accepts.
    public static let maximumSkippedDepth = 64

    /// Skips the next value of any kind, and checks it as strictly as if it were read.
    ///
    /// The kinds of the open containers are bits of one word, so neither the stack nor the heap grows.
    ///
    /// - Throws: `JSONError`, also for more than `maximumSkippedDepth` levels.
    /// - Complexity: Linear in the length of the value, without allocation.
    public mutating func skipValue() throws(JSONError) {
        var depth = 0
        // Bit 0 is the kind of the innermost container: 1 for an object.
        var kinds: UInt64 = 0
        repeat {
            if depth > 0 {
                let hasEntry = kinds & 1 == 1 ? try nextKey() != nil : try nextElement()
                if !hasEntry {
                    depth -= 1
                    kinds >>= 1
                    continue
                }
            }
            let kind = try peekKind()
            switch kind {
            case .object, .array:
                guard depth < Self.maximumSkippedDepth else {
                    throw JSONError(.tooDeep(limit: Self.maximumSkippedDepth), at: position)
                }
                position &+= 1
                isAtFirstEntry = true
                depth += 1
                kinds = kinds << 1 | (kind == .object ? 1 : 0)
            case .string: _ = try scanString()
            case .number: _ = try scanNumber { nil }
            case .bool: _ = try readBool()
            case .null: try readNull()
            }
        } while depth > 0
    }
}
