internal import HTTPServer
internal import Storage

/// The data directory as the service uses it: which model's files belong to whom, and the thread that makes checkpoints last.
final class DataStore: Sendable {
    let data: DataDirectory
    let settings: DurabilityConfiguration
    let log: Log
    /// Waits for devices, so that workers need not.
    let pool = ComputePool(threads: 1, maximumWaiting: 1024)
    private let monitor = Monitor()
    private let claims = Claims()

    /// `@unchecked Sendable`: read and written with the monitor locked.
    private final class Claims: @unchecked Sendable {
        /// Names whose files a worker uses.
        var names: Set<String> = []
    }

    /// Opens the directory and takes its lock.
    init(_ settings: DurabilityConfiguration, fileSystem: any FileSystem, log: Log) throws(StorageError) {
        self.settings = settings
        self.log = log
        data = try DataDirectory(settings.directory, fileSystem: fileSystem)
    }

    /// Waits until no other worker uses a name's files: a model may be made again while the deleted one still goes.
    func claim(_ name: String) {
        monitor.withLock {
            while !claims.names.insert(name).inserted { _ = monitor.wait(until: nil) }
        }
    }

    /// Leaves a name's files to others.
    func release(_ name: String) {
        monitor.withLock {
            _ = claims.names.remove(name)
            monitor.broadcast()
        }
    }

    /// Calls `body` when no other model is being recovered: one after another has all cores, and the first is ready soonest.
    func inTurn<R>(_ body: () throws -> R) rethrows -> R {
        // No model has an empty name.
        claim("")
        defer { release("") }
        return try body()
    }

    /// Lets another process have the directory; all workers have ended.
    func close() {
        pool.stop()
        data.close()
    }
}
