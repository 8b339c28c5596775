/// How much of a request's content has arrived. The connection's state decides where it goes.
struct BodyReception {
    /// The request it belongs to.
    var sequence: UInt32 = 0
    var isChunked = false
    /// Octets still to come, if the length is known.
    var remaining = 0
    /// Octets that have come.
    var received = 0
    /// Octets that may come.
    var limit = 0
    var decoder = ChunkedDecoder()
}
