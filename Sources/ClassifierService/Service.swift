internal import Foundation
public import HTTPServer
internal import LinearAlgebra

/// The whole service: models, their workers, and the server in front of them.
///
/// ```swift
/// let service = try Service(ServiceConfiguration(), log: Log())
/// let address = try service.start()
/// service.stop(within: 10)
/// ```
public final class Service: Sendable {
    let server: Server
    let registry: ModelRegistry
    private let pools: [ComputePool]
    private let access: AccessControl
    private let computeThreads: Int?
    private let log: Log

    /// A service that does not listen yet.
    ///
    /// - Throws: `ServerError` where the configuration is not possible, `AccessError` where access cannot be controlled as it says.
    public init(_ configuration: ServiceConfiguration, log: Log) throws {
        access = try AccessControl(configuration.access, log: log)
        var limits = ServiceLimits()
        limits.queuedRequests = configuration.maximumQueuedRequests
        limits.maximumArrayBytes = configuration.server.maximumBodySize
        let balancePool = ComputePool(threads: 1, maximumWaiting: limits.waitingTasks)
        let context = ServiceContext(
            budget: MemoryBudget(limit: configuration.maximumMemory), limits: limits, log: log, balancePool: balancePool,
            spoolDirectory: configuration.spoolDirectory)
        let registry = ModelRegistry(context: context)
        let pool = ComputePool(threads: configuration.poolThreads, maximumWaiting: limits.waitingTasks)
        var router = Router()
        HealthRoutes(isReady: { true }).add(to: &router)
        ModelRoutes(registry: registry).add(to: &router)
        ClassRoutes(registry: registry).add(to: &router)
        LearnRoute(registry: registry, pool: pool, limits: limits).add(to: &router)
        PredictRoute(registry: registry, pool: pool, limits: limits, eventLoops: configuration.server.eventLoops).add(to: &router)
        SnapshotRoutes(registry: registry, pool: pool, context: context).add(to: &router)
        var serverConfiguration = configuration.server
        access.guardServer(&serverConfiguration)
        server = try Server(configuration: serverConfiguration, router: router)
        self.registry = registry
        pools = [pool, balancePool]
        computeThreads = configuration.computeThreads
        self.log = log
    }

    /// Listens.
    ///
    /// - Returns: the address, with the port that was free where port 0 was asked for.
    /// - Throws: `ServerError` where the address cannot be had.
    public func start() throws -> SocketAddress {
        let library = BLASLibrary.current
        let threads = computeThreads ?? min(library.threadCount, max(1, ProcessInfo.processInfo.activeProcessorCount - 1))
        if threads != library.threadCount, !library.setThreadCount(threads) {
            log.warning("the threads of this BLAS cannot be set while it runs", ["library": library.description])
        }
        log.info("linear algebra", ["library": library.description, "threads": "\(library.threadCount)"])
        if library.isReference {
            log.warning(
                "this is the slow reference BLAS, by one to two orders of magnitude; install libopenblas0-pthread",
                ["library": library.description])
        }
        return try server.start()
    }

    /// Reads the tokens again, and opens the access log anew: what SIGHUP asks for. Tokens that cannot be read stay as they were.
    public func reload() {
        access.reload()
    }

    /// Finishes what is in flight, within a deadline, and ends all models.
    public func stop(within seconds: Double) {
        server.stop(within: seconds)
        registry.stop()
        for pool in pools { pool.stop() }
        access.stop()
    }
}
