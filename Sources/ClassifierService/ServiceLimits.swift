internal import ModelHost

/// Bounds that keep a service alive under any load.
struct ServiceLimits: Sendable {
    /// Rows that are learned as one block, at most.
    var blockRows = HostLimits().blockRows
    /// Bytes that requests of all models may hold in each lane while they wait for a worker or a compute thread.
    var waitingBytes = 256 << 20
    /// Multiply-adds of a prediction that an event loop does itself: some hundred microseconds.
    var inlineCost = 1 << 21
    /// Octets of a body that an event loop scans itself.
    var inlineBody = 128 << 10
    /// Octets of a prediction's answer that an event loop writes itself, give or take a label: what labels come to is known only then.
    var inlineAnswer = 128 << 10
    /// Octets that an array of a compressed body may have.
    var maximumArrayBytes = 64 << 20
    /// Octets that the answer to a prediction may have.
    var maximumAnswerBytes = 64 << 20
    /// Bodies that are learned as they arrive at the same time; each holds four blocks of rows at most. Past it, 503 with Retry-After.
    var learnStreams = 64
    /// Seconds which such a body may take for one block where another waits for its place; a slower one gives way.
    var streamPatience = 2.0
    /// Clients that may read events at the same time; past it, 503 with Retry-After.
    var eventReaders = 256
    /// Seconds between two comments in a stream of events.
    var eventKeepAlive = 15.0
    /// Tasks of each lane that may wait for a compute thread; past it, 503 with Retry-After.
    var waitingTasks = 256

    /// Octets that the body of a call may have which sets something: a configuration has a few hundred.
    static let configurationBody = 64 << 10

    /// What requests may hold of the memory before they are done, where models may take so much: an eighth each for their contents, for
    /// what waits and for answers, and not so little that one large body would not pass.
    static func share(of maximumMemory: Int) -> Int { max(64 << 20, maximumMemory / 8) }
}
