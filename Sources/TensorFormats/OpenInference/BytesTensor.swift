/// Texts as the Open Inference Protocol packs them, each after its length as a little-endian UInt32.
public struct BytesTensor: Sendable {
    private var octets: [UInt8] = []
    /// The number of texts.
    public private(set) var count = 0

    /// No texts.
    public init() {}

    /// The size of all texts with their lengths.
    public var byteCount: Int { octets.count }

    /// Appends a text.
    public mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { text in
            appendLength(text.count)
            octets.append(contentsOf: UnsafeRawBufferPointer(text))
        }
        count += 1
    }

    /// Appends a text in UTF-8.
    public mutating func append(utf8 text: UnsafeRawBufferPointer) {
        appendLength(text.count)
        octets.append(contentsOf: text)
        count += 1
    }

    /// Appends a class as the classification extension writes it: `value:index:label`, the value in the shortest digits that reproduce it.
    ///
    /// - Precondition: `value` is finite.
    public mutating func append(classification value: Float, index: Int, label: String) {
        let start = octets.count
        appendLength(0)
        let decimal = ShortestDecimal(value)
        octets.append(addingCapacity: ShortestDecimal.maximumLength) { span in
            span.withUnsafeMutableBufferPointer { buffer, count in
                count += decimal.write(to: UnsafeMutableBufferPointer(rebasing: buffer[count...]))
            }
        }
        octets.append(UInt8(ascii: ":"))
        let digits = UInt64(index).decimalDigitCount
        octets.append(addingCapacity: digits) { span in
            span.withUnsafeMutableBufferPointer { buffer, count in
                count += UInt64(index).writeDecimal(to: buffer, at: count, digitCount: digits)
            }
        }
        octets.append(UInt8(ascii: ":"))
        var label = label
        label.withUTF8 { octets.append(contentsOf: UnsafeRawBufferPointer($0)) }
        let length = UInt32(octets.count - start - 4).littleEndian
        octets.withUnsafeMutableBytes { $0.storeBytes(of: length, toByteOffset: start, as: UInt32.self) }
        count += 1
    }

    /// Calls `body` with each text, which is valid only during the call.
    public func forEach(_ body: (UnsafeRawBufferPointer) -> Void) {
        octets.withUnsafeBytes { all in
            var position = 0
            while position < all.count {
                let length = Int(UInt32(littleEndian: all.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
                position += 4
                body(UnsafeRawBufferPointer(rebasing: all[position..<position + length]))
                position += length
            }
        }
    }

    /// Calls `body` with all octets, which are valid only during the call.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        octets.withUnsafeBytes { body($0) }
    }

    /// Removes all texts, and releases the memory if it exceeds a limit.
    public mutating func removeAll(keepingCapacityUpTo limit: Int) {
        octets.removeAll(keepingCapacity: octets.capacity <= limit)
        count = 0
    }

    private mutating func appendLength(_ length: Int) {
        Swift.withUnsafeBytes(of: UInt32(length).littleEndian) { octets.append(contentsOf: $0) }
    }
}
