import Concurrency
import Foundation
import HTTPServer
import Storage
import StorageTestSupport

@testable import ClassifierService
@testable import ModelHost

/// A test's own data directory, removed with everything in it.
final class KeptModels: Sendable {
    let path = NSTemporaryDirectory() + "accrue-data-" + UUID().uuidString
    private let workerThreads: Int?

    /// - Parameter workerThreads: as of the service; nil for its default.
    init(workerThreads: Int? = nil) { self.workerThreads = workerThreads }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Starts a service on the directory and waits until it is ready.
    func start(
        fileSystem: any FileSystem = SystemFileSystem(), isReady: Bool = true, restDelay: Double = 3600,
        _ configure: (inout DurabilityConfiguration) -> Void = { _ in }
    ) throws -> KeptService {
        var durability = DurabilityConfiguration(directory: path)
        configure(&durability)
        return try KeptService(durability, fileSystem, workerThreads: workerThreads, restDelay: restDelay, isReady: isReady)
    }

    /// Copies the directory as a crash would leave it, though the server may be changing it.
    func copy(to other: String) throws {
        for attempt in 1... {
            let before = FileManager.default.subpaths(atPath: path) ?? []
            do {
                try FileManager.default.copyItem(atPath: path, toPath: other)
                if FileManager.default.subpaths(atPath: path) ?? [] == before { return }
            } catch {
                // A file disappeared during the copy.
                guard attempt < 1000 else { throw error }
            }
            try? FileManager.default.removeItem(atPath: other)
            usleep(10_000)
        }
    }

    /// The files of a model.
    func files(_ model: String = "m") -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/models/\(model)")) ?? []).sorted()
    }

    /// All bytes of all files.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for case let file as String in FileManager.default.enumerator(atPath: path) ?? .init() {
            bytes += FileManager.default.contents(atPath: path + "/" + file) ?? Data()
        }
        return bytes
    }
}

/// A running service on a data directory.
final class KeptService: Sendable {
    struct NotReady: Error {}

    let service: Service
    let port: UInt16

    init(
        _ durability: DurabilityConfiguration, _ fileSystem: any FileSystem, workerThreads: Int? = nil, restDelay: Double = 3600,
        isReady: Bool
    ) throws {
        var configuration = ServiceConfiguration()
        if let workerThreads { configuration.host.workerThreads = workerThreads }
        // The tests of one process share its threads: no service may change what another computes with.
        configuration.host.computeThreads = 1
        configuration.server.port = 0
        configuration.server.eventLoops = 1
        configuration.host.maximumMemory = 1 << 30
        // A machine may be slow: no deadline of the server's but a test's own.
        configuration.server.headerDeadline = 3600
        configuration.server.bodyDeadline = 3600
        configuration.server.idleTimeout = 3600
        configuration.server.writeTimeout = 3600
        configuration.host.restDelay = restDelay
        configuration.host.durability = durability
        service = try Service(configuration, fileSystem: fileSystem, log: Log(isSilent: true))
        port = try service.start().port
        if isReady { try waitUntilReady() }
    }

    /// Waits until all models are there.
    func waitUntilReady() throws {
        for _ in 0..<600_000 {
            if service.registry.isReady { return }
            usleep(1000)
        }
        throw NotReady()
    }

    deinit { stop() }

    /// The bytes that all models hold of the budget.
    var reservedBytes: Int { service.registry.context.budget.used }

    /// The service's own model.
    func model(_ name: String = "m") -> Model? { service.registry.all.first { $0.name == name } }

    /// Waits until this many jobs wait for a model's worker, not counting the current one.
    func waitForJobs(_ count: Int, of name: String = "m") -> Bool {
        wait { model(name)?.queue.count == count }
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

    /// A new connection, which keeps the service alive.
    func client() -> TestClient { TestClient(port: port, server: self) }

    /// Ends it like SIGTERM.
    func stop() { service.stop(within: 60) }
}
