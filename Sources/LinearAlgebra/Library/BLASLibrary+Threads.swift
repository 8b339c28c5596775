package import Concurrency
internal import Glibc
internal import Synchronization

extension BLASLibrary {
    /// Creates all threads for large operations, as many as have been set, so that the start of a server fails if they cannot be had.
    ///
    /// Products make do with fewer threads. But an OpenBLAS that is set to more threads than it was loaded with creates them without
    /// checking the result, and a factorisation then waits forever for a missing one. It is therefore set here, once there is known to be
    /// room.
    ///
    /// - Parameter prepare: runs first on each thread of our own.
    /// - Throws: if the system does not grant all of them.
    package func startThreads(_ prepare: @escaping @Sendable () -> Void) throws(ThreadError) {
        let count = threadCount
        guard count > 1, ComputeThreads.isLibrarySingle.load(ordering: .relaxed) else { return }
        try HelperThreads.shared.make(count - 1, prepare)
        guard provider == .openBLAS, count > loadedThreads else { return }
        try Self.requireRoom(for: count - loadedThreads)
        setLibraryThreads(count)
        setLibraryThreads(1)
    }

    /// Creates this many threads and ends them.
    private static func requireRoom(for count: Int) throws(ThreadError) {
        let before = runningThreads
        let mayEnd = Guarded(false)
        defer {
            mayEnd.withLock { $0 = true }
            // A thread counts until the system has cleaned it up.
            for _ in 0..<1000 where runningThreads > before { usleep(1000) }
        }
        for _ in 0..<count {
            try Threads.start("room", stackSize: 64 << 10) { while !mayEnd.withLock({ $0 }) { usleep(500) } }
        }
    }

    /// The threads of this process; 0 if the system does not say.
    private static var runningThreads: Int {
        guard let directory = opendir("/proc/self/task") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count
    }
}
