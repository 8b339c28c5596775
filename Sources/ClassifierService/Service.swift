internal import Concurrency
internal import Foundation
public import HTTPServer
public import ModelHost
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
    private let host: LearningHost
    /// All models.
    var registry: ModelRegistry { host.registry }
    /// What is served, as it is described.
    let operations: [Operation]
    let pool: ComputePool
    private let metricsThread: MetricsThread
    let recorder: TrafficRecorder
    private let access: AccessControl
    private let maximumConnections: Int
    let dispatcher: EventDispatcher
    private let log: Log

    /// A service that does not listen yet.
    ///
    /// - Throws: `ServerError` if the configuration is not possible, `AccessError` if access cannot be controlled as it says,
    ///   `StorageError` if the data directory cannot be used: another server has it, or it cannot be written. Also if the system
    ///   gives no thread for one of the pools.
    public convenience init(_ configuration: ServiceConfiguration, log: Log) throws {
        try self.init(configuration, fileSystem: SystemFileSystem(), log: log)
    }

    /// The same, with the data directory on another file system.
    init(_ configuration: ServiceConfiguration, fileSystem: any FileSystem, log: Log) throws {
        access = try AccessControl(configuration.access, log: log)
        var limits = ServiceLimits()
        limits.maximumArrayBytes = configuration.server.maximumBodySize
        limits.maximumAnswerBytes = max(limits.maximumAnswerBytes, configuration.server.maximumBodySize)
        let share = ServiceLimits.share(of: configuration.host.maximumMemory)
        limits.waitingBytes = min(limits.waitingBytes, share)
        let waiting = Lane.Pair(writing: MemoryBudget(limit: limits.waitingBytes), reading: MemoryBudget(limit: limits.waitingBytes / 2))
        let pool = try ComputePool(
            threads: configuration.poolThreads, keepsOneForWriters: true, maximumWaiting: limits.waitingTasks, memory: waiting)
        dispatcher = EventDispatcher(maximumReaders: limits.eventReaders, keepAlive: limits.eventKeepAlive)
        let answers = AnswerSender(pool: pool)
        host = try LearningHost(
            configuration.host, fileSystem: fileSystem, log: log, waiting: waiting, onNews: { [dispatcher] in dispatcher.schedule($0) },
            // Once the pool has stopped, nobody waits for a loop any more.
            closing: { [pool] close in if !pool.runAlways(.reading, close) { close() } })
        let registry = host.registry
        var routes = RouteSet()
        HealthRoutes(isReady: { registry.isReady }).add(to: &routes)
        DashboardRoutes().add(to: &routes)
        ModelRoutes(registry: registry, answers: answers).add(to: &routes)
        ClassRoutes(registry: registry, answers: answers).add(to: &routes)
        HistoryRoutes(registry: registry, answers: answers).add(to: &routes)
        RidgeRoute(registry: registry).add(to: &routes)
        LearnRoute(registry: registry, pool: pool, answers: answers, limits: limits).add(to: &routes)
        let predict = PredictRoute(registry: registry, pool: pool, limits: limits, eventLoops: configuration.server.eventLoops)
        predict.add(to: &routes)
        SnapshotRoutes(registry: registry, pool: pool, answers: answers, log: log).add(to: &routes)
        EventRoutes(registry: registry, dispatcher: dispatcher).add(to: &routes)
        let reference = ServerReference()
        let recorder = TrafficRecorder(learnedRows: registry.context.learnedRows, server: reference)
        self.recorder = recorder
        metricsThread = try MetricsThread(maximumWaiting: 16, every: TrafficHistory.interval) { recorder.endPeriod() }
        MetricsRoute(metrics: Metrics(registry: registry, dispatcher: dispatcher), server: reference, thread: metricsThread)
            .add(to: &routes)
        TrafficRoute(registry: registry, recorder: recorder, thread: metricsThread).add(to: &routes)
        let infer = InferRoute(registry: registry, pool: pool, limits: limits, eventLoops: configuration.server.eventLoops)
        OpenInference.addRoutes(to: &routes, registry: registry, answers: answers, infer: infer)
        // Last: it describes the others.
        OpenAPIRoute(usesTokens: configuration.access.tokenFile != nil, maximumBodySize: configuration.server.maximumBodySize)
            .add(to: &routes)
        operations = routes.operations
        var serverConfiguration = configuration.server
        serverConfiguration.maximumTotalBodyMemory = min(
            serverConfiguration.maximumTotalBodyMemory, max(share, serverConfiguration.maximumBodySize))
        serverConfiguration.maximumTotalAnswerMemory = min(serverConfiguration.maximumTotalAnswerMemory, share)
        serverConfiguration.turnEnd = { predict.endTurn($0) || infer.endTurn($0) }
        OpenInference.formatErrors(of: &serverConfiguration)
        access.guardServer(&serverConfiguration)
        server = try Server(configuration: serverConfiguration, router: routes.router)
        reference.server = server
        self.pool = pool
        maximumConnections = configuration.server.maximumConnections
        self.log = log
    }

    /// Listens.
    ///
    /// - Returns: the address, with the port that was free if port 0 was asked for.
    /// - Throws: `ServerError` if the address is not available, `StorageError` or `DamagedState` if what lies in the data directory is
    ///   not as it was written. Also if the system gives no thread; then nothing serves.
    public func start() throws -> SocketAddress {
        let startRecovery = try host.open()
        let address = try server.start()
        startRecovery()
        if let limit = server.connectionLimit, limit < maximumConnections {
            log.warning(
                "the limit on open files allows fewer connections than requested; raise it with ulimit -n",
                ["connections": "\(limit)", "asked": "\(maximumConnections)"])
        }
        return address
    }

    /// Reloads the tokens and reopens the access log, as SIGHUP requests. Tokens that cannot be read stay as they were.
    /// If there is neither, the log says so.
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
        host.stop(within: left())
        pool.stop()
        metricsThread.stop()
        // Writing what waits takes no time, unless nobody takes it.
        access.stop(within: max(left(), 0.1))
    }
}
