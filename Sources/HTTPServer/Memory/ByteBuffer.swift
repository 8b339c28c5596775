/// A growable buffer of octets: filled at its end, consumed at its start. It allocates when first filled.
struct ByteBuffer: ~Copyable {
    private var base: UnsafeMutableRawPointer?
    private(set) var capacity = 0
    private var start = 0
    private var end = 0

    init() {}

    init(capacity: Int) {
        grow(toHold: capacity)
    }

    deinit {
        base?.deallocate()
    }

    var count: Int { end - start }
    var isEmpty: Bool { start == end }

    /// The octets, valid until the buffer changes.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base.map { UnsafeRawPointer($0 + start) }, count: end - start)
    }

    /// Makes room for `additional` octets after the end, moving the content to the start of the memory first.
    mutating func reserve(_ additional: Int) {
        guard capacity - end < additional else { return }
        if start > 0, capacity - count >= additional, let base {
            base.copyMemory(from: base + start, byteCount: count)
            end -= start
            start = 0
            return
        }
        grow(toHold: count + additional)
    }

    private mutating func grow(toHold needed: Int) {
        let size = max(needed, min(capacity * 2, capacity + (1 << 20)), 256)
        let fresh = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        if let base {
            fresh.copyMemory(from: base + start, byteCount: count)
            base.deallocate()
        }
        end -= start
        start = 0
        base = fresh
        capacity = size
    }

    mutating func append(_ octets: UnsafeRawBufferPointer) {
        guard let source = octets.baseAddress, octets.count > 0 else { return }
        reserve(octets.count)
        (base! + end).copyMemory(from: source, byteCount: octets.count)
        end += octets.count
    }

    mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ octet: UInt8) {
        reserve(1)
        base!.storeBytes(of: octet, toByteOffset: end, as: UInt8.self)
        end += 1
    }

    /// Appends a non-negative number in decimal.
    mutating func append(decimal value: Int) {
        append(UInt(value), radix: 10)
    }

    /// Appends a non-negative number in hexadecimal.
    mutating func append(hexadecimal value: Int) {
        append(UInt(value), radix: 16)
    }

    private mutating func append(_ value: UInt, radix: UInt) {
        var rest = value
        var digits = 1
        while rest >= radix {
            rest /= radix
            digits += 1
        }
        reserve(digits)
        rest = value
        var at = end + digits
        end = at
        repeat {
            at -= 1
            let digit = UInt8(truncatingIfNeeded: rest % radix)
            base!.storeBytes(of: digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10), toByteOffset: at, as: UInt8.self)
            rest /= radix
        } while rest > 0
    }

    /// Lets `body` write to the free space after the end; `body` returns how much it wrote.
    mutating func fill(_ body: (UnsafeMutableRawBufferPointer) -> Int) {
        guard let base else { return }
        let written = body(UnsafeMutableRawBufferPointer(start: base + end, count: capacity - end))
        precondition(written >= 0 && written <= capacity - end)
        end += written
    }

    /// Drops the first `amount` octets.
    mutating func consume(_ amount: Int) {
        precondition(amount >= 0 && amount <= count)
        start += amount
        if start == end {
            start = 0
            end = 0
        }
    }

    /// Drops the octets and keeps the memory.
    mutating func removeAll() {
        start = 0
        end = 0
    }

    /// Drops the octets and the memory.
    mutating func release() {
        base?.deallocate()
        base = nil
        capacity = 0
        start = 0
        end = 0
    }
}
