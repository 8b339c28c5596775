extension ArrayView {
    /// Reads a list of labels, texts or integers, and returns their number. An integer becomes its decimal digits.
    ///
    /// Strips trailing zeros of a text, as NumPy does.
    ///
    /// - Parameters:
    ///   - strings: Receives the labels. It is unchanged after an error.
    ///   - maximumCount: The most labels allowed.
    ///   - maximumBytes: The longest label allowed, in bytes of UTF-8.
    /// - Throws: `ArrayError` naming the row.
    /// - Complexity: O(n) in the bytes of the array.
    public func appendLabels(into strings: inout PackedStrings, maximumCount: Int, maximumBytes: Int) throws(ArrayError) -> Int {
        guard layout.shape.count == 1 else { throw failure(.wrongShape(Array(layout.shape), expected: "[rows]")) }
        let count = layout.shape[0]
        guard count <= maximumCount else { throw failure(.tooMany(limit: maximumCount)) }
        let before = strings.count
        do throws(ArrayError) {
            switch layout.scalar {
            case .integer(let size, let isSigned):
                for row in 0..<count { try appendInteger(row, size, isSigned, to: &strings, maximumBytes) }
            case .bytes(let size):
                for row in 0..<count { try appendBytes(row, size, to: &strings, maximumBytes) }
            case .unicode(let size):
                for row in 0..<count { try appendUnicode(row, size, to: &strings, maximumBytes) }
            case .float16, .bfloat16, .float32, .float64, .bool:
                throw failure(.wrongScalar(layout.scalar, expected: "strings or integers"))
            }
        } catch {
            strings.truncate(to: before)
            throw error
        }
        return count
    }

    private func appendInteger(
        _ row: Int, _ size: Int, _ isSigned: Bool, to strings: inout PackedStrings, _ maximumBytes: Int
    ) throws(ArrayError) {
        var bits: UInt64 = 0
        for index in 0..<size {
            let byte = bytes[row * size + (layout.isBigEndian ? index : size - 1 - index)]
            bits = bits << 8 | UInt64(byte)
        }
        let unused = UInt64(64 - 8 * size)
        let isNegative = isSigned && bits >> UInt64(8 * size - 1) == 1
        let magnitude = isNegative ? (0 &- (bits << unused)) >> unused : bits
        let digitCount = magnitude.decimalDigitCount
        guard digitCount + (isNegative ? 1 : 0) <= maximumBytes else { throw failure(.tooLong(limit: maximumBytes), row: row) }
        if isNegative { strings.bytes.append(UInt8(ascii: "-")) }
        strings.appendDecimal(magnitude, digitCount: digitCount)
    }

    private func appendBytes(_ row: Int, _ size: Int, to strings: inout PackedStrings, _ maximumBytes: Int) throws(ArrayError) {
        var length = size
        while length > 0, bytes[row * size + length - 1] == 0 { length -= 1 }
        let text = UnsafeRawBufferPointer(rebasing: bytes[row * size..<row * size + length])
        guard length <= maximumBytes else { throw failure(.tooLong(limit: maximumBytes), row: row) }
        guard UTF8Sequence.isValid(text) else { throw failure(.invalidText, row: row) }
        strings.append(utf8: text)
    }

    private func appendUnicode(_ row: Int, _ size: Int, to strings: inout PackedStrings, _ maximumBytes: Int) throws(ArrayError) {
        func value(_ index: Int) -> UInt32 {
            let bits = bytes.loadUnaligned(fromByteOffset: (row * size + index) * 4, as: UInt32.self)
            return layout.isBigEndian ? UInt32(bigEndian: bits) : UInt32(littleEndian: bits)
        }
        var length = size
        while length > 0, value(length - 1) == 0 { length -= 1 }
        let start = strings.bytes.count
        for index in 0..<length {
            guard let scalar = Unicode.Scalar(value(index)) else {
                strings.bytes.removeLast(strings.bytes.count - start)
                throw failure(.invalidText, row: row)
            }
            strings.bytes.append(contentsOf: UTF8.encode(scalar)!)
            guard strings.bytes.count - start <= maximumBytes else {
                strings.bytes.removeLast(strings.bytes.count - start)
                throw failure(.tooLong(limit: maximumBytes), row: row)
            }
        }
        strings.ends.append(strings.bytes.count)
    }
}

extension PackedStrings {
    /// Completes a string, which may already contain a sign, with a number's digits.
    fileprivate mutating func appendDecimal(_ magnitude: UInt64, digitCount: Int) {
        bytes.append(addingCapacity: digitCount) { span in
            span.withUnsafeMutableBufferPointer { buffer, count in
                count += magnitude.writeDecimal(to: buffer, at: count, digitCount: digitCount)
            }
        }
        ends.append(bytes.count)
    }
}
