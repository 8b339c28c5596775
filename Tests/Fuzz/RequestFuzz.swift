// Built by Tests/Fuzz/run into one module with the sources of HTTPServer: what it calls is internal.

internal import Concurrency
import Glibc

/// Octets as requests or chunks, depending on the environment: parsing never traps, and does not depend on how they are split.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequests(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // The first call has no octets: an unknown name ends the fuzzer at its start.
    let read = reader
    guard let start, count > 2 else { return 0 }
    let all = UnsafeRawBufferPointer(start: start, count: count)
    // The first two octets say where to cut.
    let octets = all.part(2..<count)
    read(octets, (Int(all[0]) | Int(all[1]) << 8) % octets.count)
    return 0
}

private nonisolated(unsafe) let reader: (UnsafeRawBufferPointer, Int) -> Void = {
    let name = getenv("ACCRUE_FUZZ_READER").map { String(cString: $0) } ?? ""
    switch name {
    // A server's limits, and limits that even short requests exceed.
    case "request": return { parse($0, $1, RequestLimits(requestLine: 8192, header: 32768)) }
    case "request-limits": return { parse($0, $1, RequestLimits(requestLine: 48, header: 160)) }
    case "chunks": return { decode($0, $1, maximumTrailer: 4096) }
    case "chunks-limits": return { decode($0, $1, maximumTrailer: 40) }
    default: fatalError("there is no reader named \"\(name)\"")
    }
}()

private let types = [MediaType("text", "plain", .init("version", "0.0.4")), MediaType("application", "openmetrics-text")]
private nonisolated(unsafe) let head = RequestHead()
private nonisolated(unsafe) let segments = PathSegments(maximumPath: 8192)
private nonisolated(unsafe) let exchange = Exchange(
    head: head, segments: segments, loopIndex: 0, budget: MemoryBudget(limit: 1 << 20))

private func parse(_ octets: UnsafeRawBufferPointer, _ cut: Int, _ limits: RequestLimits) {
    var inPieces = RequestParser()
    let early = inPieces.parse(octets.part(0..<cut), limits: limits, into: head)
    var atOnce = RequestParser()
    let whole = atOnce.parse(octets, limits: limits, into: head)
    switch early {
    case .incomplete:
        // A failure may be noticed earlier or later, but a complete request is complete however it arrives.
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
    _ = request.preferred(among: types)
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

/// Chunked content yields the same octets in one piece and in two.
private func decode(_ octets: UnsafeRawBufferPointer, _ cut: Int, maximumTrailer: Int) {
    let whole = chunks([octets], maximumTrailer)
    let pieces = chunks([octets.part(0..<cut), octets.part(cut..<octets.count)], maximumTrailer)
    precondition(whole.ended == pieces.ended && whole.content == pieces.content, "the pieces matter")
}

private func chunks(_ pieces: [UnsafeRawBufferPointer], _ maximumTrailer: Int) -> (content: [UInt8], ended: Int) {
    var decoder = ChunkedDecoder()
    var content: [UInt8] = []
    for piece in pieces {
        var at = 0
        reading: while true {
            switch decoder.next(piece, &at, maximumTrailer: maximumTrailer) {
            case .data(let range): content += piece.part(range)
            case .needsMore: break reading
            case .finished: return (content, 1)
            case .failed: return (content, 2)
            }
        }
    }
    return (content, 0)
}
