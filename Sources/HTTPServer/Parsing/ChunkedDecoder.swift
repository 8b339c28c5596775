/// Decodes chunked content (RFC 9112, section 7.1) octet by octet, in pieces of any size. Extensions and trailer fields are checked
/// and dropped.
struct ChunkedDecoder {
    enum Step: Equatable {
        /// All given octets have been used; more are needed.
        case needsMore
        /// Content, as a range of the given octets.
        case data(Range<Int>)
        /// The content and its trailer section are complete.
        case finished
        case failed(ParseFailure)
    }

    private enum State: UInt8 {
        case sizeStart, size, sizeGap
        case extensionStart, extensionName, extensionNameGap, extensionValueStart, extensionValue, extensionQuoted, extensionEscape
        case extensionQuotedEnd, extensionValueGap
        case sizeLineFeed, data, dataReturn, dataLineFeed
        case trailerStart, trailerName, trailerValue, trailerLineFeed, endLineFeed, finished
    }

    /// The most octets of extensions and needless zeros in one message.
    static let maximumOverhead = 16 << 10

    private var state = State.sizeStart
    /// Octets of the chunk still to come.
    private var remaining = 0
    private var digits = 0
    private var overhead = 0
    private var trailerCount = 0

    init() {}

    /// Octets of the current chunk still to come, as far as its size is known.
    var announced: Int { remaining }

    /// Decodes from `position`, and moves it past what was used. `maximumTrailer` limits the trailer section, in octets.
    mutating func next(_ octets: UnsafeRawBufferPointer, _ position: inout Int, maximumTrailer: Int) -> Step {
        while position < octets.count {
            if state == .data {
                let amount = min(remaining, octets.count - position)
                let range = position..<position + amount
                position += amount
                remaining -= amount
                if remaining == 0 { state = .dataReturn }
                return .data(range)
            }
            if state == .finished { return .finished }
            let octet = octets[position]
            position += 1
            if let failure = advance(octet, maximumTrailer: maximumTrailer) { return .failed(failure) }
        }
        return state == .finished ? .finished : .needsMore
    }

    private mutating func advance(_ octet: UInt8, maximumTrailer: Int) -> ParseFailure? {
        switch state {
        case .sizeStart, .size, .sizeGap:
            return advanceSize(octet)
        case .extensionStart, .extensionName, .extensionNameGap, .extensionValueStart, .extensionValue, .extensionQuoted, .extensionEscape,
            .extensionQuotedEnd, .extensionValueGap:
            overhead += 1
            return overhead > Self.maximumOverhead ? .chunkExtensionsTooLong : advanceExtension(octet)
        case .sizeLineFeed:
            guard octet == 0x0a else { return .malformedChunk }
            state = remaining > 0 ? .data : .trailerStart
        case .dataReturn:
            guard octet == 0x0d else { return .malformedChunk }
            state = .dataLineFeed
        case .dataLineFeed:
            guard octet == 0x0a else { return .malformedChunk }
            state = .sizeStart
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed, .endLineFeed:
            trailerCount += 1
            return trailerCount > maximumTrailer ? .trailersTooLarge : advanceTrailer(octet)
        case .data, .finished:
            break
        }
        return nil
    }

    private mutating func advanceSize(_ octet: UInt8) -> ParseFailure? {
        if state != .sizeGap, let digit = Octets.hexadecimal(octet) {
            if state == .sizeStart {
                remaining = 0
                digits = 0
            }
            let product = remaining.multipliedReportingOverflow(by: 16)
            guard !product.overflow else { return .chunkTooLarge }
            remaining = product.partialValue + Int(digit)
            digits += 1
            if digits > 16 { overhead += 1 }
            state = .size
            return overhead > Self.maximumOverhead ? .chunkExtensionsTooLong : nil
        }
        guard state != .sizeStart else { return .malformedChunk }
        switch octet {
        case 0x0d where state == .size: state = .sizeLineFeed
        case UInt8(ascii: ";"): state = .extensionStart
        case 0x20, 0x09:
            overhead += 1
            state = .sizeGap
            return overhead > Self.maximumOverhead ? .chunkExtensionsTooLong : nil
        default: return .malformedChunk
        }
        return nil
    }

    /// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )` (RFC 9112, section 7.1.1).
    private mutating func advanceExtension(_ octet: UInt8) -> ParseFailure? {
        let isToken = Octets.token.contains(octet)
        let isBlank = Octets.isBlank(octet)
        switch (state, octet) {
        case (.extensionStart, _) where isBlank, (.extensionValueStart, _) where isBlank: break
        case (.extensionStart, _) where isToken, (.extensionName, _) where isToken: state = .extensionName
        case (.extensionName, _) where isBlank, (.extensionNameGap, _) where isBlank: state = .extensionNameGap
        case (.extensionName, UInt8(ascii: "=")), (.extensionNameGap, UInt8(ascii: "=")): state = .extensionValueStart
        case (.extensionValueStart, UInt8(ascii: "\"")): state = .extensionQuoted
        case (.extensionValueStart, _) where isToken, (.extensionValue, _) where isToken: state = .extensionValue
        case (.extensionQuoted, UInt8(ascii: "\"")): state = .extensionQuotedEnd
        case (.extensionQuoted, UInt8(ascii: "\\")): state = .extensionEscape
        case (.extensionQuoted, _) where Octets.isFieldValue(octet): break
        case (.extensionEscape, _) where Octets.isFieldValue(octet): state = .extensionQuoted
        case (.extensionValue, _) where isBlank, (.extensionQuotedEnd, _) where isBlank, (.extensionValueGap, _) where isBlank:
            state = .extensionValueGap
        case (.extensionName, UInt8(ascii: ";")), (.extensionNameGap, UInt8(ascii: ";")), (.extensionValue, UInt8(ascii: ";")),
            (.extensionQuotedEnd, UInt8(ascii: ";")), (.extensionValueGap, UInt8(ascii: ";")):
            state = .extensionStart
        case (.extensionName, 0x0d), (.extensionValue, 0x0d), (.extensionQuotedEnd, 0x0d): state = .sizeLineFeed
        default: return .malformedChunk
        }
        return nil
    }

    private mutating func advanceTrailer(_ octet: UInt8) -> ParseFailure? {
        switch state {
        case .trailerStart where octet == 0x0d: state = .endLineFeed
        case .trailerStart where Octets.token.contains(octet): state = .trailerName
        case .trailerName where octet == UInt8(ascii: ":"): state = .trailerValue
        case .trailerName where Octets.token.contains(octet): break
        case .trailerValue where octet == 0x0d: state = .trailerLineFeed
        case .trailerValue where Octets.isFieldValue(octet): break
        case .trailerLineFeed where octet == 0x0a: state = .trailerStart
        case .endLineFeed where octet == 0x0a: state = .finished
        default: return .malformedTrailer
        }
        return nil
    }
}
