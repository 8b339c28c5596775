internal import Concurrency
package import Storage

/// The data directory as the service uses it, and the threads that wait for its device.
package final class DataStore: Sendable {
    let data: DataDirectory
    let settings: DurabilityConfiguration
    let log: Log
    /// Waits for devices, so that workers need not.
    let pool: ComputePool
    /// Wait for what workers have logged, while these compute.
    let waiters: WaiterThreads
    private let isClosed = Guarded(false)

    /// Opens the directory and takes its lock.
    ///
    /// - Throws: `StorageError`, or `ThreadError`.
    package init(_ settings: DurabilityConfiguration, fileSystem: any FileSystem, log: Log) throws {
        self.settings = settings
        self.log = log
        pool = try ComputePool(threads: 1, maximumWaiting: 1024)
        waiters = WaiterThreads("log-sync", limit: 16)
        data = try DataDirectory(settings.directory, fileSystem: fileSystem)
    }

    /// Releases the directory for other processes; all workers must have ended.
    package func close() {
        pool.stop()
        waiters.stop()
        // A descriptor that was closed may be somebody else's by now.
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        if isFirst { data.close() }
    }
}
