/// Why a request got no answer.
package struct HTTPFailure: Error, CustomStringConvertible, Equatable {
    package enum Kind: Equatable {
        /// No connection: the server cannot have seen the request.
        case unreachable
        /// The connection ended before the answer was complete: the request may have taken effect.
        case broken
        /// Nothing arrived for too long: the request may have taken effect.
        case timedOut
        /// The user gave up.
        case abandoned
        /// The answer is not valid HTTP.
        case invalid
    }

    package let kind: Kind
    package let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
