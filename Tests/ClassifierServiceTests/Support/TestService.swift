import AnalyticLearning
import Concurrency
import Foundation
internal import HTTPServer

@testable import ClassifierService
@testable import ModelHost

/// A running service on a free port.
final class TestService: Sendable {
    let service: Service
    let port: UInt16
    /// Checks every answer; not under the sanitizer, where that takes a tenth of the time and has nothing to do with threads.
    private let conformance: Conformance?

    /// Starts a service without log lines.
    init(_ configure: (inout ServiceConfiguration) -> Void = { _ in }) throws {
        var configuration = ServiceConfiguration()
        // The tests of one process share its threads: no service may change what another computes with.
        configuration.host.computeThreads = 1
        configuration.server.port = 0
        configuration.host.maximumMemory = 1 << 30
        // A machine may be slow: no deadline of the server's but a test's own.
        configuration.server.headerDeadline = 3600
        configuration.server.bodyDeadline = 3600
        configuration.server.idleTimeout = 3600
        configuration.server.writeTimeout = 3600
        configuration.host.restDelay = 3600
        configure(&configuration)
        service = try Service(configuration, log: Log(isSilent: true))
        conformance = ThreadSanitizer.isOn ? nil : Conformance(service, usesTokens: configuration.access.tokenFile != nil)
        port = try service.start().port
    }

    deinit { service.stop(within: 1) }

    /// A new connection.
    func client() -> TestClient { TestClient(port: port, conformance: conformance) }

    /// The bytes that all models hold of the budget.
    var reservedBytes: Int { service.registry.context.budget.used }

    /// The bytes of answers on their way.
    var answerMemory: Int { service.server.statistics.answerMemory }

    /// The files of snapshots being streamed.
    var spooledFiles: Int { Lane.allCases.reduce(0) { $0 + service.registry.context.spools.files[$1].used } }

    /// The disk space of snapshots being streamed.
    var spooledBytes: Int { Lane.allCases.reduce(0) { $0 + service.registry.context.spools.disk[$1].used } }

    /// The bytes of requests waiting for a worker or a compute thread.
    func waitingBytes(_ lane: Lane) -> Int { service.registry.context.waiting[lane].used }

    /// The names of all models, including those still being created.
    var modelNames: [String] { service.registry.all.map(\.name) }

    /// Requests whose heads have been read.
    var requestCount: UInt64 { service.server.statistics.requests }

    /// Connections open now.
    var openConnections: Int { service.server.statistics.openConnections }

    /// Clients that read events.
    var eventReaders: Int { service.dispatcher.readerCount }

    /// The jobs waiting for a model's worker, without the current one.
    func waitingJobs(_ name: String) -> Int {
        service.registry.all.first { $0.name == name }?.queue.count ?? 0
    }

    /// Waits for a condition.
    ///
    /// - Returns: false if it never did.
    func wait(until condition: () -> Bool) -> Bool {
        for _ in 0..<600_000 {
            if condition() { return true }
            usleep(1000)
        }
        return false
    }

    /// Waits until this many jobs wait for a model's worker.
    func waitForJobs(_ count: Int, of name: String) -> Bool {
        wait { waitingJobs(name) == count }
    }
}
