/// Why a request got no answer.
struct HTTPFailure: Error, CustomStringConvertible, Equatable {
    enum Kind: Equatable {
        /// No connection: the request cannot have been seen.
        case unreachable
        /// The connection ended before the answer was whole: the request may have been done.
        case broken
        /// Nothing was heard for too long: the same.
        case timedOut
        /// The user wants no answer any more.
        case abandoned
        /// What answered does not speak HTTP as it should.
        case invalid
    }

    let kind: Kind
    let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
