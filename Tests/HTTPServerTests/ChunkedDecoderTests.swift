import Testing

@testable import HTTPServer

@Suite struct ChunkedDecoderTests {
    private enum Outcome: Equatable {
        case whole(String, used: Int)
        case unfinished(String)
        case failed(ParseFailure)
    }

    private func decode(_ text: String, pieces: Int = 1 << 20) -> Outcome {
        decode(Array(text.utf8), pieces: pieces)
    }

    private func decode(_ octets: [UInt8], pieces: Int = 1 << 20) -> Outcome {
        var decoder = ChunkedDecoder()
        var content: [UInt8] = []
        var start = 0
        while start < octets.count {
            let piece = Array(octets[start..<min(octets.count, start + pieces)])
            var at = 0
            var step = ChunkedDecoder.Step.needsMore
            repeat {
                step = piece.withUnsafeBytes { decoder.next($0, &at, maximumTrailer: 1000) }
                switch step {
                case .data(let range): content += piece[range]
                case .finished: return .whole(String(decoding: content, as: UTF8.self), used: start + at)
                case .failed(let failure): return .failed(failure)
                case .needsMore: break
                }
            } while step != .needsMore
            start += piece.count
        }
        return .unfinished(String(decoding: content, as: UTF8.self))
    }

    @Test(arguments: [
        ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello"),
        ("0000000000000000000000000005\r\nhello\r\n000\r\n\r\n", "hello"), ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("A;x\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("5;a=\"b;\\\"c\"\r\nhello\r\n0\r\n\r\n", "hello"),
        ("5 ; a = b ; c\r\nhello\r\n0\r\n\r\n", "hello"), ("5\r\nhello\r\n0\r\nX-Sum: abc\r\nY:\r\n\r\n", "hello"),
    ]) func contentIsDecodedWhateverThePieces(text: String, content: String) {
        #expect(decode(text) == .whole(content, used: text.utf8.count))
        #expect(decode(text + "GET /") == .whole(content, used: text.utf8.count))
        for size in 1...7 { #expect(decode(text, pieces: size) == .whole(content, used: text.utf8.count)) }
        for count in 0..<text.utf8.count {
            guard case .unfinished = decode(Array(text.utf8.prefix(count))) else {
                Issue.record("cut at \(count) is not unfinished")
                continue
            }
        }
    }

    @Test(arguments: [
        ("G\r\n", ParseFailure.malformedChunk), ("+5\r\n", .malformedChunk), ("0x5\r\n", .malformedChunk), ("\r\n", .malformedChunk),
        ("5_\r\n", .malformedChunk), ("5 \r\n", .malformedChunk), ("5\n", .malformedChunk), ("5\rX", .malformedChunk),
        ("5;\r\n", .malformedChunk),
        ("5;[\r\n", .malformedChunk), ("5;a=\r\n", .malformedChunk), ("5;a\"\r\n", .malformedChunk), ("5;a\r\r", .malformedChunk),
        ("5;a\0\r\n", .malformedChunk), ("5;a=\"\n", .malformedChunk), ("1\r\nab", .malformedChunk), ("1\r\na\n", .malformedChunk),
        ("10000000000000005\r\n", .chunkTooLarge), ("8000000000000000\r\n", .chunkTooLarge), ("0\r\nXX /", .malformedTrailer),
        ("0\r\n X", .malformedTrailer), ("0\r\nX : b\r\n", .malformedTrailer), ("0\r\nX: a\0\r\n", .malformedTrailer),
        ("0\r\n\rX", .malformedTrailer),
    ]) func faultyChunksAreRefused(text: String, failure: ParseFailure) {
        #expect(decode(text) == .failed(failure))
        #expect(decode(text, pieces: 1) == .failed(failure))
    }

    @Test func extensionsZerosAndTrailersAreLimited() {
        let long = String(repeating: "b", count: ChunkedDecoder.maximumOverhead)
        #expect(decode("5;a=\(long)") == .failed(.chunkExtensionsTooLong))
        #expect(decode(String(repeating: "0", count: ChunkedDecoder.maximumOverhead + 17)) == .failed(.chunkExtensionsTooLong))
        #expect(decode("5" + String(repeating: " ", count: ChunkedDecoder.maximumOverhead + 1)) == .failed(.chunkExtensionsTooLong))
        #expect(decode(String(repeating: "1;a=bbbbbbbb\r\nx\r\n", count: 2000)) == .failed(.chunkExtensionsTooLong))
        #expect(decode("0\r\n" + String(repeating: "X: y\r\n", count: 200)) == .failed(.trailersTooLarge))
    }

    @Test func theSizeOfAChunkIsKnownBeforeItsContent() {
        var decoder = ChunkedDecoder()
        var at = 0
        let octets = Array("7fffffffffffffff\r\n".utf8)
        let step = octets.withUnsafeBytes { decoder.next($0, &at, maximumTrailer: 0) }
        #expect(step == .needsMore)
        #expect(decoder.announced == .max)
    }
}
