internal import ModelHost

/// Limits that keep a service alive under any load.
struct ServiceLimits: Sendable {
    /// The most rows learned as one block.
    var blockRows = HostLimits().blockRows
    /// Bytes that requests of all models may hold in each lane while they wait for a worker or a compute thread.
    var waitingBytes = 256 << 20
    /// Multiply-adds of a prediction that an event loop does itself: some hundred microseconds.
    var inlineCost = 1 << 21
    /// Octets of a body that an event loop scans itself.
    var inlineBody = 128 << 10
    /// Octets of a prediction's answer that an event loop writes itself, give or take a label: the length of labels is only known then.
    var inlineAnswer = 128 << 10
    /// The most octets of an array in a compressed body.
    var maximumArrayBytes = 64 << 20
    /// The most octets of a prediction's answer.
    var maximumAnswerBytes = 64 << 20
    /// Bodies learned as they arrive at the same time; each holds at most four blocks of rows. Beyond it, 503 with Retry-After.
    var learnStreams = 64
    /// Seconds that such a body may take for one block while another waits for its place; a slower one gives way.
    var streamPatience = 2.0
    /// Clients that may read events at the same time; beyond it, 503 with Retry-After.
    var eventReaders = 256
    /// Seconds between two comments in a stream of events.
    var eventKeepAlive = 15.0
    /// Tasks of each lane that may wait for a compute thread; beyond it, 503 with Retry-After.
    var waitingTasks = 256

    /// The most octets in the body of a call that changes settings: a configuration has a few hundred.
    static let configurationBody = 64 << 10

    /// The share of memory for each of request contents, waiting requests and answers: an eighth of the models' memory, but at least 64
    /// MiB, so that one large body fits.
    static func share(of maximumMemory: Int) -> Int { max(64 << 20, maximumMemory / 8) }
}
