internal import Concurrency
internal import Foundation
public import HTTPServer
internal import LinearAlgebra
internal import Storage

/// The whole service: models, their workers, and the server in front of them.
///
/// ```swift
/// let service = try Service(ServiceConfiguration(), log: Log())
/// let address = try service.start()
/// service.stop(within: 10)
/// ```
public final class Service: Sendable {
    /// The version of the program.
    public static let version = "0.1.0"

    let server: Server
    let registry: ModelRegistry
    /// What is served, as it is described.
    let operations: [Operation]
    private let workers: WorkerPool
    private let pools: [ComputePool]
    private let access: AccessControl
    private let computeThreads: Int?
    private let maximumConnections: Int
    private let store: DataStore?
    private let dispatcher: EventDispatcher
    private let log: Log

    /// A service that does not listen yet.
    ///
    /// - Throws: `ServerError` where the configuration is not possible, `AccessError` where access cannot be controlled as it says,
    ///   `StorageError` where the data directory cannot be used: another server has it, or it cannot be written. Also where the system gives
    ///   no thread for one of the pools.
    public convenience init(_ configuration: ServiceConfiguration, log: Log) throws {
        try self.init(configuration, fileSystem: SystemFileSystem(), log: log)
    }

    /// The same, with the data directory on another file system.
    init(_ configuration: ServiceConfiguration, fileSystem: any FileSystem, log: Log) throws {
        // A limit on the size of files is an error of the write, and not the end of all models.
        signal(SIGXFSZ, SIG_IGN)
        access = try AccessControl(configuration.access, log: log)
        var limits = ServiceLimits()
        limits.queuedRequests = configuration.maximumQueuedRequests
        limits.maximumArrayBytes = configuration.server.maximumBodySize
        limits.maximumAnswerBytes = max(limits.maximumAnswerBytes, configuration.server.maximumBodySize)
        let share = ServiceLimits.share(of: configuration.maximumMemory)
        limits.waitingBytes = min(limits.waitingBytes, share)
        let waiting = Lane.Pair(writing: MemoryBudget(limit: limits.waitingBytes), reading: MemoryBudget(limit: limits.waitingBytes / 2))
        let pool = try ComputePool(
            threads: configuration.poolThreads, keepsOneForWriters: true, maximumWaiting: limits.waitingTasks, memory: waiting)
        // LAPACK's recursive factorisations and OpenBLAS's buffers want more than the default of a secondary thread.
        workers = try WorkerPool(threads: configuration.workerThreads, stackSize: 16 << 20) { ThreadPriority.giveWay() }
        let balancePool = try ComputePool(threads: 1, maximumWaiting: limits.waitingTasks)
        store = try configuration.durability.map { try DataStore($0, fileSystem: fileSystem, log: log) }
        dispatcher = EventDispatcher(maximumReaders: limits.eventReaders, keepAlive: limits.eventKeepAlive)
        let context = ServiceContext(
            budget: MemoryBudget(limit: configuration.maximumMemory), limits: limits, log: log, workers: workers, balancePool: balancePool,
            answers: AnswerSender(pool: pool),
            spoolDirectory: configuration.spoolDirectory,
            spools: SpoolLimits(
                bytes: configuration.maximumSpool ?? configuration.maximumMemory, files: limits.spoolFiles,
                patience: configuration.snapshotPatience),
            waiting: waiting, dispatcher: dispatcher, store: store)
        let registry = ModelRegistry(context: context)
        var routes = RouteSet()
        HealthRoutes(isReady: { registry.isReady }).add(to: &routes)
        DashboardRoutes().add(to: &routes)
        ModelRoutes(registry: registry).add(to: &routes)
        ClassRoutes(registry: registry).add(to: &routes)
        HistoryRoutes(registry: registry).add(to: &routes)
        LearnRoute(registry: registry, pool: pool, limits: limits).add(to: &routes)
        PredictRoute(registry: registry, pool: pool, limits: limits, eventLoops: configuration.server.eventLoops).add(to: &routes)
        SnapshotRoutes(registry: registry, pool: pool, context: context).add(to: &routes)
        EventRoutes(registry: registry, dispatcher: dispatcher).add(to: &routes)
        let metricsThread = try ComputePool(threads: 1, maximumWaiting: 16)
        let reference = ServerReference()
        MetricsRoute(metrics: Metrics(registry: registry, dispatcher: dispatcher), server: reference, thread: metricsThread)
            .add(to: &routes)
        OpenInference.addRoutes(to: &routes, registry: registry, pool: pool, limits: limits, eventLoops: configuration.server.eventLoops)
        // Last: it describes the others.
        OpenAPIRoute(usesTokens: configuration.access.tokenFile != nil, maximumBodySize: configuration.server.maximumBodySize)
            .add(to: &routes)
        operations = routes.operations
        var serverConfiguration = configuration.server
        serverConfiguration.maximumTotalBodyMemory = min(
            serverConfiguration.maximumTotalBodyMemory, max(share, serverConfiguration.maximumBodySize))
        serverConfiguration.maximumTotalAnswerMemory = min(serverConfiguration.maximumTotalAnswerMemory, share)
        OpenInference.formatErrors(of: &serverConfiguration)
        access.guardServer(&serverConfiguration)
        server = try Server(configuration: serverConfiguration, router: routes.router)
        reference.server = server
        self.registry = registry
        pools = [pool, balancePool, metricsThread]
        computeThreads = configuration.computeThreads
        maximumConnections = configuration.server.maximumConnections
        self.log = log
    }

    /// Listens.
    ///
    /// - Returns: the address, with the port that was free where port 0 was asked for.
    /// - Throws: `ServerError` where the address cannot be had, `StorageError` or `DamagedState` where what lies in the data directory is
    ///   not as it was written. Also where the system gives no thread: then nothing of it serves.
    public func start() throws -> SocketAddress {
        let library = BLASLibrary.current
        let available = library.threadCount
        let threads = computeThreads ?? min(available, max(1, ProcessInfo.processInfo.activeProcessorCount - 1))
        if !library.setThreadCount(threads), threads != available {
            log.warning("this BLAS does not let a running program set its number of threads", ["library": library.description])
        }
        log.info("linear algebra", ["library": library.description, "threads": "\(library.threadCount)"])
        if library.isReference {
            log.warning(
                "the reference BLAS in use is slower by one to two orders of magnitude; install libopenblas0-pthread",
                ["library": library.description])
        }
        try library.startThreads { ThreadPriority.giveWay() }
        var startRecovery: (() -> Void)?
        if let store {
            // Each model has its log open, and every one is opened before the server is.
            SystemCall.raiseDescriptorLimit()
            // Until the state is there nobody can be kept waiting by its recovery: it may have the event loops' share too.
            if computeThreads == nil { library.setThreadCount(available) }
            startRecovery = try registry.recover(store) { library.setThreadCount(threads) }
        }
        let address = try server.start()
        startRecovery?()
        if let limit = server.connectionLimit, limit < maximumConnections {
            log.warning(
                "the limit on open files allows fewer connections than requested; raise it with ulimit -n",
                ["connections": "\(limit)", "asked": "\(maximumConnections)"])
        }
        return address
    }

    /// Reloads the tokens and reopens the access log, as SIGHUP requests. Tokens that cannot be read stay as they were.
    /// Where there is neither, the log says so.
    public func reload() {
        access.reload()
    }

    /// Finishes what is in flight, and ends all models, all of it within one deadline. The last fifth of it, a second at most, is kept for
    /// the models: requests in flight must be done before.
    public func stop(within seconds: Double) {
        let end = MonotonicClock.now + max(0, seconds)
        func left() -> Double { max(0, end - MonotonicClock.now) }
        // Streams of events have no end of their own.
        dispatcher.stop(within: min(seconds / 5, 1))
        server.stop(within: max(0, left() - min(seconds / 5, 1)))
        let haveEnded = registry.stop(within: left())
        if !haveEnded { log.warning("some models did not stop in time; everything they acknowledged is in their logs") }
        workers.stop()
        for pool in pools { pool.stop() }
        // Writing what waits takes no time, unless nobody takes it.
        access.stop(within: max(left(), 0.1))
        // A worker that is still at work keeps the directory until the process ends.
        if haveEnded { store?.close() }
    }
}
