import Glibc

/// Finds and parses one request head (RFC 9112). A pure function of the octets, without I/O or clock.
///
/// The caller passes all octets of the message so far, from the first one, and calls again with more after `.incomplete`. The
/// parser remembers how far it has searched for line ends, so a head that arrives in n pieces costs O(size), not O(n · size); the
/// fields are parsed once, when the head is complete. Errors that can be seen earlier (a bare LF, an invalid request line, a limit)
/// are returned at once.
struct RequestParser {
    enum Result: Equatable {
        case incomplete
        /// The head takes this many of the octets, including empty lines before it; `RequestHead` is filled.
        case complete(Int)
        case failed(ParseFailure)
    }

    private static let longestMethod = 32

    /// The first octet of the request line.
    private var start: UInt32 = 0
    /// The first octet of the line being searched.
    private var lineStart: UInt32 = 0
    /// All LFs before this octet have been found.
    private var searched: UInt32 = 0
    /// The first octet after the request line; 0 until that is complete.
    private var fieldsStart: UInt32 = 0
    private var emptyLines: UInt8 = 0

    init() {}

    /// Whether any octets of a head have been seen.
    var hasBegun: Bool { searched > 0 || start > 0 }

    /// Parses. On every call `octets` begins with the first octet of the message.
    mutating func parse(_ octets: UnsafeRawBufferPointer, limits: RequestLimits, into head: RequestHead) -> Result {
        guard let base = octets.baseAddress else { return .incomplete }
        if fieldsStart == 0, searched == start {
            switch skipEmptyLines(octets, limits: limits) {
            case .complete: break
            case let other: return other
            }
        }
        while true {
            guard let lineFeed = nextLineFeed(octets) else {
                searched = UInt32(truncatingIfNeeded: octets.count)
                return overlong(octets, limits: limits).map(Result.failed) ?? .incomplete
            }
            let first = Int(lineStart)
            guard lineFeed > first, octets[lineFeed - 1] == 0x0d else { return .failed(.bareLineFeed) }
            let next = lineFeed + 1
            lineStart = UInt32(truncatingIfNeeded: next)
            searched = lineStart
            if fieldsStart == 0 {
                if lineFeed - 1 - first > limits.requestLine {
                    return .failed(Self.classifyOverlong(octets.part(first..<lineFeed - 1)))
                }
                // Parsed now to refuse an invalid request at once, and again when the head is complete, because `head` may have
                // served other connections in between.
                head.reset(base: base + first)
                if let failure = Self.parseRequestLine(octets.part(first..<lineFeed - 1), into: head) { return .failed(failure) }
                fieldsStart = lineStart
            } else {
                guard next - Int(fieldsStart) <= limits.header else { return .failed(.headerTooLarge) }
                if lineFeed - 1 == first { return finish(octets, end: next, into: head) }
            }
        }
    }

    private mutating func skipEmptyLines(_ octets: UnsafeRawBufferPointer, limits: RequestLimits) -> Result {
        var at = Int(start)
        while at < octets.count, octets[at] == 0x0d || octets[at] == 0x0a {
            guard octets[at] == 0x0d else { return .failed(.bareLineFeed) }
            guard at + 1 < octets.count else { return .incomplete }
            guard octets[at + 1] == 0x0a, Int(emptyLines) < limits.leadingEmptyLines else { return .failed(.malformedRequestLine) }
            emptyLines += 1
            at += 2
            start = UInt32(truncatingIfNeeded: at)
            lineStart = start
            searched = start
        }
        return at < octets.count ? .complete(at) : .incomplete
    }

    private func nextLineFeed(_ octets: UnsafeRawBufferPointer) -> Int? {
        let from = Int(searched)
        guard from < octets.count, let base = octets.baseAddress else { return nil }
        return memchr(base + from, 0x0a, octets.count - from).map { UnsafeRawPointer($0) - base }
    }

    /// The failure of a head that exceeds a limit before a line end is found.
    private func overlong(_ octets: UnsafeRawBufferPointer, limits: RequestLimits) -> ParseFailure? {
        if fieldsStart == 0 {
            let line = octets.part(Int(start)..<octets.count)
            if line.count > limits.requestLine + 1 { return Self.classifyOverlong(line) }
            return nil
        }
        return octets.count - Int(fieldsStart) > limits.header ? .headerTooLarge : nil
    }

    private static func classifyOverlong(_ line: UnsafeRawBufferPointer) -> ParseFailure {
        for index in 0..<min(line.count, longestMethod + 1) where !Octets.token.contains(line[index]) {
            return line[index] == 0x20 && index > 0 ? .targetTooLong : .malformedMethod
        }
        return .methodTooLong
    }

    private func finish(_ octets: UnsafeRawBufferPointer, end: Int, into head: RequestHead) -> Result {
        guard let base = octets.baseAddress else { return .incomplete }
        let first = Int(start)
        let message = octets.part(first..<end)
        head.reset(base: base + first)
        head.count = message.count
        let fields = Int(fieldsStart) - first
        if let failure = Self.parseRequestLine(message.part(0..<fields - 2), into: head) { return .failed(failure) }
        if let failure = Self.parseFields(message, from: fields, into: head) { return .failed(failure) }
        return .complete(end)
    }
}
