/// What is wrong with a message. Each one is answered and ends the connection, since the framing behind it is unknown.
enum ParseFailure: UInt8, Error, Equatable {
    case bareLineFeed
    case malformedRequestLine
    case malformedMethod
    case methodTooLong
    case malformedTarget
    case targetTooLong
    case malformedVersion
    case versionNotSupported
    case malformedField
    case headerTooLarge
    case tooManyFields
    case hostMissing
    case hostRepeated
    case malformedHost
    case malformedLength
    case lengthTooLarge
    case repeatedLength
    case lengthAndCoding
    case codingInOldVersion
    case malformedCoding
    case unknownCoding
    case malformedChunk
    case chunkTooLarge
    case chunkExtensionsTooLong
    case malformedTrailer
    case trailersTooLarge

    var status: Status {
        switch self {
        case .methodTooLong, .unknownCoding: .notImplemented
        case .targetTooLong: .uriTooLong
        case .versionNotSupported: .httpVersionNotSupported
        case .headerTooLarge, .tooManyFields, .trailersTooLarge: .requestHeaderFieldsTooLarge
        case .lengthTooLarge, .chunkTooLarge: .contentTooLarge
        default: .badRequest
        }
    }

    var detail: StaticString {
        switch self {
        case .bareLineFeed: "a line ends with LF alone; CR LF is expected"
        case .malformedRequestLine: "the request line is not `method SP target SP version`"
        case .malformedMethod: "the method is not a token"
        case .methodTooLong: "the method is longer than any known one"
        case .malformedTarget: "the request target is malformed"
        case .targetTooLong: "the request target is too long"
        case .malformedVersion: "the HTTP version is malformed"
        case .versionNotSupported: "only HTTP/1.1 and HTTP/1.0 are spoken here"
        case .malformedField: "a header field is malformed"
        case .headerTooLarge: "the header section is too large"
        case .tooManyFields: "there are too many header fields"
        case .hostMissing: "an HTTP/1.1 request needs a Host field"
        case .hostRepeated: "there is more than one Host field"
        case .malformedHost: "the Host field is malformed"
        case .malformedLength: "Content-Length is not a decimal number"
        case .lengthTooLarge: "Content-Length is too large"
        case .repeatedLength: "there is more than one Content-Length field"
        case .lengthAndCoding: "Transfer-Encoding and Content-Length exclude each other"
        case .codingInOldVersion: "HTTP/1.0 has no Transfer-Encoding"
        case .malformedCoding: "Transfer-Encoding does not end with one `chunked`"
        case .unknownCoding: "the only transfer coding here is `chunked`"
        case .malformedChunk: "the chunked content is malformed"
        case .chunkTooLarge: "a chunk is too large"
        case .chunkExtensionsTooLong: "the chunk extensions are too long"
        case .malformedTrailer: "a trailer field is malformed"
        case .trailersTooLarge: "the trailer section is too large"
        }
    }
}
