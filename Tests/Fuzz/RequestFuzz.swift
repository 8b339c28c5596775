// Built by Tests/Fuzz/run into one module with the sources of HTTPServer: what it calls is internal.

/// Requests of any octets: parsing never traps, and does not depend on the pieces in which they come.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequests(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 1 else { return 0 }
    let all = UnsafeRawBufferPointer(start: start, count: count)
    // The first octet says where to cut.
    let octets = all.part(1..<count)
    let cut = Int(all[0]) % octets.count
    parse(octets, cut)
    decode(octets, cut)
    return 0
}

private nonisolated(unsafe) let head = RequestHead()
private nonisolated(unsafe) let segments = PathSegments(maximumPath: 8192)
private nonisolated(unsafe) let exchange = Exchange(
    head: head, segments: segments, loopIndex: 0, budget: MemoryBudget(limit: 1 << 20))
private let limits = RequestLimits(requestLine: 8192, header: 32768)

private func parse(_ octets: UnsafeRawBufferPointer, _ cut: Int) {
    var inPieces = RequestParser()
    let early = inPieces.parse(octets.part(0..<cut), limits: limits, into: head)
    var atOnce = RequestParser()
    let whole = atOnce.parse(octets, limits: limits, into: head)
    switch early {
    case .incomplete:
        // A failure may be noticed earlier or later, but a whole request is one however it comes.
        let late = inPieces.parse(octets, limits: limits, into: head)
        precondition(kind(late) == kind(whole), "the pieces matter")
    case .complete, .failed:
        precondition(kind(early) == kind(whole), "what follows matters")
    }
    var again = RequestParser()
    guard case .complete(let used) = again.parse(octets, limits: limits, into: head) else { return }
    precondition(used <= octets.count && head.count <= used)
    guard let method = head.method, head.form != .asterisk, (try? segments.split(head.bytes(head.path))) != nil else { return }
    exchange.begin(method, identifier: 1, body: octets.part(used..<octets.count))
    let request = Request(exchange)
    for index in 0..<segments.count { _ = segments[index].count }
    _ = request.path
    _ = request.query("a")
    _ = request.queryNames.count
    _ = request.header("accept")
    _ = request.mediaTypeIs("application/json")
    _ = request.header("x-request-id").flatMap { text in Array(text.utf8).withUnsafeBytes { RequestID(given: $0) } }
}

private func kind(_ result: RequestParser.Result) -> Int {
    switch result {
    case .incomplete: -1
    case .failed: -2
    case .complete(let used): used
    }
}

/// Chunked content gives the same octets in one piece and in two.
private func decode(_ octets: UnsafeRawBufferPointer, _ cut: Int) {
    let whole = chunks([octets])
    let pieces = chunks([octets.part(0..<cut), octets.part(cut..<octets.count)])
    precondition(whole.ended == pieces.ended && whole.content == pieces.content, "the pieces matter")
}

private func chunks(_ pieces: [UnsafeRawBufferPointer]) -> (content: [UInt8], ended: Int) {
    var decoder = ChunkedDecoder()
    var content: [UInt8] = []
    for piece in pieces {
        var at = 0
        reading: while true {
            switch decoder.next(piece, &at, maximumTrailer: 4096) {
            case .data(let range): content += piece.part(range)
            case .needsMore: break reading
            case .finished: return (content, 1)
            case .failed: return (content, 2)
            }
        }
    }
    return (content, 0)
}
