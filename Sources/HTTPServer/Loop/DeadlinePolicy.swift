/// The server's deadlines in milliseconds.
struct DeadlinePolicy: Equatable {
    var header: Int64
    var body: Int64
    /// Octets of content per second.
    var bodyRate: Int64
    var idle: Int64
    var write: Int64
    /// Octets of an answer per second.
    var writeRate: Int64
    var linger: Int64
}

extension DeadlinePolicy {
    init(_ configuration: ServerConfiguration) {
        func milliseconds(_ seconds: Double) -> Int64 { max(1, Int64(seconds * 1000)) }
        func rate(_ octets: Int) -> Int64 { Int64(min(octets, 1 << 40)) }
        header = milliseconds(configuration.headerDeadline)
        body = milliseconds(configuration.bodyDeadline)
        bodyRate = rate(configuration.minimumBodyRate)
        idle = milliseconds(configuration.idleTimeout)
        write = milliseconds(configuration.writeTimeout)
        writeRate = rate(configuration.minimumAnswerRate)
        linger = milliseconds(configuration.lingerTimeout)
    }
}
