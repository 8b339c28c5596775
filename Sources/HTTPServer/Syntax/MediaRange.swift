/// One member of `Accept`: a range of media types and its weight (RFC 9110, section 12.5.1).
struct MediaRange {
    /// A token; `*` for all.
    let type: UnsafeRawBufferPointer
    /// A token; `*` for all.
    let subtype: UnsafeRawBufferPointer
    /// The parameters before the weight, with their semicolons.
    let parameters: UnsafeRawBufferPointer
    let parameterCount: Int
    /// In thousandths, 0 to 1000.
    let quality: Int

    /// Parses a member; nil if it is empty or malformed.
    init?(_ member: UnsafeRawBufferPointer) {
        let text = member.trimmingBlanks()
        var at = 0
        while at < text.count, Octets.token.contains(text[at]) { at += 1 }
        guard at > 0, at < text.count, text[at] == UInt8(ascii: "/") else { return nil }
        let start = at + 1
        at = start
        while at < text.count, Octets.token.contains(text[at]) { at += 1 }
        guard at > start else { return nil }
        type = text.part(0..<start - 1)
        subtype = text.part(start..<at)
        guard !type.equals("*") || subtype.equals("*") else { return nil }

        let rest = text.part(at..<text.count)
        var scanner = ParameterScanner(rest)
        var (count, end, quality) = (0, 0, 1000)
        while let parameter = scanner.next() {
            // After the weight come extensions of an older HTTP, which no client uses.
            if parameter.name.equalsIgnoringCase("q") {
                guard let weight = Self.weight(parameter) else { return nil }
                quality = weight
                break
            }
            count += 1
            end = scanner.position
        }
        guard !scanner.hasFailed else { return nil }
        parameters = rest.part(0..<end)
        parameterCount = count
        self.quality = quality
    }

    /// A `qvalue` (section 12.4.2): 0 to 1 with at most three decimals.
    private static func weight(_ parameter: ParameterScanner.Parameter) -> Int? {
        let text = parameter.value
        guard !parameter.isQuoted, (1...5).contains(text.count), text[0] == UInt8(ascii: "0") || text[0] == UInt8(ascii: "1"),
            text.count == 1 || text[1] == UInt8(ascii: ".")
        else { return nil }
        var value = Int(text[0] - UInt8(ascii: "0"))
        for index in 2..<5 {
            let digit = index < text.count ? text[index] &- UInt8(ascii: "0") : 0
            guard digit <= 9 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value <= 1000 ? value : nil
    }
}

/// Reads the members of an `Accept` field in order, skipping malformed ones. Allocates nothing.
struct AcceptScanner {
    private let text: UnsafeRawBufferPointer
    private var position = 0

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    /// The next well-formed member.
    mutating func next() -> MediaRange? {
        while position < text.count {
            let start = position
            var isQuoted = false
            while position < text.count, isQuoted || text[position] != UInt8(ascii: ",") {
                if text[position] == UInt8(ascii: "\"") { isQuoted.toggle() }
                if isQuoted, text[position] == UInt8(ascii: "\\") { position += 1 }
                position += 1
            }
            let end = min(position, text.count)
            position += 1
            if let range = MediaRange(text.part(start..<end)) { return range }
        }
        return nil
    }
}

/// Reads `;name=value` parameters in order (RFC 9110, section 5.6.6). Allocates nothing.
struct ParameterScanner {
    struct Parameter {
        let name: UnsafeRawBufferPointer
        /// Without quotation marks, but with backslashes.
        let value: UnsafeRawBufferPointer
        let isQuoted: Bool

        /// Whether the value is `text`, ignoring ASCII case.
        func valueIs(_ text: StaticString) -> Bool {
            guard isQuoted else { return value.equalsIgnoringCase(text) }
            var (at, count) = (0, 0)
            while at < value.count {
                if value[at] == UInt8(ascii: "\\"), at + 1 < value.count { at += 1 }
                guard count < text.utf8CodeUnitCount, Octets.lowercased(value[at]) == Octets.lowercased(text.utf8Start[count]) else {
                    return false
                }
                at += 1
                count += 1
            }
            return count == text.utf8CodeUnitCount
        }
    }

    private let text: UnsafeRawBufferPointer
    /// The end of what has been read.
    private(set) var position = 0
    /// Whether something other than a parameter was found.
    private(set) var hasFailed = false

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    /// The next parameter; nil at the end or at anything else. Skips empty ones.
    mutating func next() -> Parameter? {
        guard !hasFailed else { return nil }
        while true {
            skipBlanks()
            guard position < text.count else { return nil }
            guard text[position] == UInt8(ascii: ";") else { return fail() }
            position += 1
            skipBlanks()
            if position < text.count, text[position] != UInt8(ascii: ";") { return readParameter() }
        }
    }

    private mutating func readParameter() -> Parameter? {
        let name = readToken()
        guard !name.isEmpty, position < text.count, text[position] == UInt8(ascii: "=") else { return fail() }
        position += 1
        guard position < text.count, text[position] == UInt8(ascii: "\"") else {
            let value = readToken()
            return value.isEmpty ? fail() : Parameter(name: name, value: value, isQuoted: false)
        }
        position += 1
        let start = position
        while position < text.count, text[position] != UInt8(ascii: "\"") {
            position += text[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < text.count else { return fail() }
        position += 1
        return Parameter(name: name, value: text.part(start..<position - 1), isQuoted: true)
    }

    private mutating func readToken() -> UnsafeRawBufferPointer {
        let start = position
        while position < text.count, Octets.token.contains(text[position]) { position += 1 }
        return text.part(start..<position)
    }

    private mutating func skipBlanks() {
        while position < text.count, Octets.isBlank(text[position]) { position += 1 }
    }

    private mutating func fail() -> Parameter? {
        hasFailed = true
        return nil
    }
}
