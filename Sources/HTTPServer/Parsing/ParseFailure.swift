/// What is wrong with a message. Each failure is answered and ends the connection, because the framing of what follows is unknown.
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
        case .bareLineFeed: "a line ends with LF alone, expected CR LF"
        case .malformedRequestLine: "the request line is not `method SP target SP version`"
        case .malformedMethod: "the method is not a token"
        case .methodTooLong: "the method is longer than any known method"
        case .malformedTarget: "the request target is malformed"
        case .targetTooLong: "the request target is too long"
        case .malformedVersion: "the HTTP version is malformed"
        case .versionNotSupported: "the HTTP version is not supported, expected HTTP/1.1 or HTTP/1.0"
        case .malformedField: "a header field is malformed"
        case .headerTooLarge: "the header section is too large"
        case .tooManyFields: "the request has too many header fields"
        case .hostMissing: "an HTTP/1.1 request needs a Host field"
        case .hostRepeated: "the request has more than one Host field"
        case .malformedHost: "the Host field is malformed"
        case .malformedLength: "Content-Length is not a decimal number"
        case .lengthTooLarge: "Content-Length is too large"
        case .repeatedLength: "the request has more than one Content-Length field"
        case .lengthAndCoding: "a request cannot have both Transfer-Encoding and Content-Length"
        case .codingInOldVersion: "HTTP/1.0 does not support Transfer-Encoding"
        case .malformedCoding: "Transfer-Encoding must end with a single `chunked`"
        case .unknownCoding: "the transfer coding is not supported, expected `chunked`"
        case .malformedChunk: "the chunked content is malformed"
        case .chunkTooLarge: "a chunk is too large"
        case .chunkExtensionsTooLong: "the chunk extensions are too long"
        case .malformedTrailer: "a trailer field is malformed"
        case .trailersTooLarge: "the trailer section is too large"
        }
    }
}
