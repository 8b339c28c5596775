internal import HTTPServer
internal import Storage

/// The data directory as the service uses it: which model's files belong to whom, and the thread that makes checkpoints last.
final class DataStore: Sendable {
    let data: DataDirectory
    let settings: DurabilityConfiguration
    let log: Log
    /// Waits for devices, so that workers need not.
    let pool: ComputePool

    /// Opens the directory and takes its lock.
    ///
    /// - Throws: `StorageError`, or `ThreadError`.
    init(_ settings: DurabilityConfiguration, fileSystem: any FileSystem, log: Log) throws {
        self.settings = settings
        self.log = log
        pool = try ComputePool(threads: 1, maximumWaiting: 1024)
        data = try DataDirectory(settings.directory, fileSystem: fileSystem)
    }

    /// Lets another process have the directory; all workers have ended.
    func close() {
        pool.stop()
        data.close()
    }
}
