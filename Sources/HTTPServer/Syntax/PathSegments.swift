/// A request path, split at its slashes and then percent-decoded. An event loop uses one object for all requests.
final class PathSegments {
    static let maximumCount = 16

    enum Failure: Error, Equatable {
        /// More segments than any route has.
        case tooManySegments
        /// An encoded NUL, which is only used in attacks (CWE-158).
        case encodedNull
    }

    private struct Segment {
        /// Into the decoded octets if `isDecoded`, otherwise into the path.
        var offset = 0
        var count = 0
        var isDecoded = false
    }

    private(set) var count = 0
    private(set) var parameterCount = 0
    private var path = UnsafeRawBufferPointer(start: nil, count: 0)
    private let segments: UnsafeMutablePointer<Segment>
    private let parameters: UnsafeMutablePointer<Int>
    private let decoded: UnsafeMutableRawBufferPointer

    /// - Parameter maximumPath: The longest path to be split, in octets.
    init(maximumPath: Int) {
        segments = .allocate(capacity: Self.maximumCount)
        segments.initialize(repeating: Segment(), count: Self.maximumCount)
        parameters = .allocate(capacity: Self.maximumCount)
        parameters.initialize(repeating: 0, count: Self.maximumCount)
        decoded = .allocate(byteCount: maximumPath, alignment: 1)
    }

    deinit {
        segments.deallocate()
        parameters.deallocate()
        decoded.deallocate()
    }

    /// Splits a path that begins with a slash, or is empty (as in `http://host`, which means `/`; RFC 9112, section 3.2.1). The
    /// octets must stay valid until the next call.
    func split(_ path: UnsafeRawBufferPointer) throws(Failure) {
        precondition(path.count <= decoded.count)
        self.path = path
        count = 0
        parameterCount = 0
        var used = 0
        var at = path.isEmpty ? 0 : 1
        while true {
            guard count < Self.maximumCount else { throw .tooManySegments }
            let start = at
            var isEncoded = false
            while at < path.count, path[at] != UInt8(ascii: "/") {
                isEncoded = isEncoded || path[at] == UInt8(ascii: "%")
                at += 1
            }
            if isEncoded {
                let target = UnsafeMutableRawBufferPointer(rebasing: decoded[used...])
                let length = PercentDecoding.decode(path.part(start..<at), into: target)
                guard !target[..<length].contains(0) else { throw .encodedNull }
                segments[count] = Segment(offset: used, count: length, isDecoded: true)
                used += length
            } else {
                segments[count] = Segment(offset: start, count: at - start, isDecoded: false)
            }
            count += 1
            guard at < path.count else { return }
            at += 1
        }
    }

    /// The decoded octets of a segment.
    subscript(_ index: Int) -> UnsafeRawBufferPointer {
        precondition(index >= 0 && index < count)
        let segment = segments[index]
        let range = segment.offset..<segment.offset + segment.count
        return segment.isDecoded ? UnsafeRawBufferPointer(rebasing: decoded[range]) : path.part(range)
    }

    /// The decoded octets of the parameter with this index, in pattern order.
    func parameter(_ index: Int) -> UnsafeRawBufferPointer {
        precondition(index >= 0 && index < parameterCount, "the route has no parameter with this index")
        return self[parameters[index]]
    }

    func clearParameters() {
        parameterCount = 0
    }

    func pushParameter(_ segment: Int) {
        parameters[parameterCount] = segment
        parameterCount += 1
    }

    func popParameter() {
        parameterCount -= 1
    }
}
