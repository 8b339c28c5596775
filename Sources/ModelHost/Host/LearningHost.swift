package import Concurrency
internal import Foundation
internal import LinearAlgebra
package import Storage

/// Models that learn and are kept on disk: all of Accrue except HTTP.
///
/// ```swift
/// let host = try LearningHost(directory: "models")
/// try await host.createModel("mail", ModelConfiguration(dimension: 384))
/// let learned = try await host.learn("mail", features: rows, labels: labels)
/// let predicted = try host.predict("mail", features: row)
/// host.stop(within: 10)
/// ```
///
/// When `learn` returns, the rows are on the device: another host that opens the directory finds them, however this one ended. Only one
/// process at a time can open a directory, until `stop` or the last reference to its host.
///
/// Some settings are the process's and not the host's: the number of BLAS threads is that of the host opened last, the limit of open
/// files is raised, and the signal SIGXFSZ is ignored.
public final class LearningHost: Sendable {
    package let registry: ModelRegistry
    private let workers: WorkerPool
    private let balancePool: ComputePool
    private let ridgePool: ComputePool
    private let store: DataStore?
    private let computeThreads: Int?
    private let log: Log

    /// Opens a directory and recovers all models in it.
    ///
    /// It waits for disks and solves equations meanwhile, and so does `stop`: with large models call both from a thread of your own. A
    /// model that cannot be recovered, for want of memory, does not keep the others from it: see `condition(of:)`.
    ///
    /// - Parameters:
    ///   - directory: the data directory; created if missing.
    ///   - log: receives what goes wrong.
    /// - Throws: `StorageError` if the directory cannot be used, `DamagedState` if its files have changed since they were written,
    ///   `ModelError` if a model does not fit in memory, or an error if the system provides no thread.
    /// - Complexity: D² multiply-adds per logged row, and 2D³ per model.
    public convenience init(directory: String, log: Log = Log(isSilent: true)) throws {
        var configuration = HostConfiguration()
        configuration.durability = DurabilityConfiguration(directory: directory)
        try self.init(configuration, log: log)
    }

    /// The same with other settings; without `durability` the models are in memory only.
    ///
    /// - Throws: as `init(directory:log:)`.
    public convenience init(_ configuration: HostConfiguration, log: Log = Log(isSilent: true)) throws {
        let waiting = 256 << 20
        try self.init(
            configuration, fileSystem: SystemFileSystem(), log: log,
            waiting: Lane.Pair(writing: MemoryBudget(limit: waiting), reading: MemoryBudget(limit: waiting / 2)), onNews: nil)
        let recovered = Latch()
        recovered.enter()
        do {
            try open { recovered.leave() }()
        } catch {
            stop(within: 10)
            throw error
        }
        _ = recovered.wait(until: .infinity)
    }

    /// A host that has locked its directory and has no models yet.
    ///
    /// - Parameters:
    ///   - waiting: the memory for requests that wait for a worker.
    ///   - onNews: as of `HostContext`.
    ///   - closing: closes the files of streamed snapshots; see `SpoolLimits`.
    package init(
        _ configuration: HostConfiguration, fileSystem: any FileSystem, log: Log, waiting: Lane.Pair<MemoryBudget>,
        onNews: (@Sendable (EventHub) -> Void)?, closing: @escaping SpoolLimits.Closing = { $0() }
    ) throws {
        // A file size limit is then an error of the write and does not end the process.
        signal(SIGXFSZ, SIG_IGN)
        // LAPACK's recursive factorisations and OpenBLAS's buffers need more than a secondary thread's default stack.
        workers = try WorkerPool(threads: max(1, configuration.workerThreads), stackSize: 16 << 20) { ThreadPriority.giveWay() }
        balancePool = try ComputePool(threads: 1, maximumWaiting: 256)
        ridgePool = try ComputePool(threads: 1, maximumWaiting: 256)
        store = try configuration.durability.map { try DataStore($0, fileSystem: fileSystem, log: log) }
        var limits = HostLimits()
        limits.queuedRequests = configuration.maximumQueuedRequests
        registry = ModelRegistry(
            context: HostContext(
                budget: MemoryBudget(limit: configuration.maximumMemory), limits: limits, restDelay: configuration.restDelay, log: log,
                workers: workers, balancePool: balancePool, ridgePool: ridgePool,
                spools: SpoolLimits(
                    directory: configuration.spoolDirectory, bytes: configuration.maximumSpool ?? configuration.maximumMemory,
                    files: configuration.maximumSpoolFiles, patience: configuration.snapshotPatience, closing: closing),
                waiting: waiting, onNews: onNews, store: store))
        computeThreads = configuration.computeThreads
        self.log = log
    }

    /// Verifies the directory's files and registers its models.
    ///
    /// - Parameter whenRecovered: called once, when every model has been recovered or has failed.
    /// - Returns: a closure that starts the recovery.
    /// - Throws: `StorageError` or `DamagedState` if files have changed since they were written, `ModelError` if a model does not fit in
    ///   memory, or an error if the system provides no thread.
    package func open(whenRecovered: @escaping @Sendable () -> Void = {}) throws -> () -> Void {
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
        guard let store else {
            whenRecovered()
            return {}
        }
        // Each model keeps its log open, and all are opened before the first request.
        DescriptorLimit.raise()
        // Recovery may use the core left to predictions too: threads that compute give way to event loops.
        if computeThreads == nil { library.setThreadCount(available) }
        do {
            return try registry.recover(store) {
                library.setThreadCount(threads)
                whenRecovered()
            }
        } catch {
            library.setThreadCount(threads)
            throw error
        }
    }

    /// A host that nobody has stopped lets its models end by themselves.
    deinit { registry.stop(within: 0) }

    /// Ends all models, which make their last checkpoints. A second time changes nothing.
    ///
    /// - Parameter seconds: how long they may take.
    /// - Returns: whether they have ended. If not, the directory stays locked until they have, or until a later `stop` finds that they
    ///   have; what was acknowledged is on disk.
    @discardableResult
    public func stop(within seconds: Double) -> Bool {
        let haveEnded = registry.stop(within: seconds)
        if !haveEnded { log.warning("some models did not stop in time; everything they acknowledged is in their logs") }
        workers.stop()
        balancePool.stop()
        ridgePool.stop()
        // A worker that still runs keeps the directory locked until the process ends.
        if haveEnded { store?.close() }
        return haveEnded
    }
}
