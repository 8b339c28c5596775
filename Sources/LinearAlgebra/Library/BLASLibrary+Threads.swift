package import Concurrency
internal import Glibc
internal import Synchronization

extension BLASLibrary {
    /// Makes all threads that large operations are shared between, as many as have been set, so that whoever starts a server hears whether
    /// they can be had.
    ///
    /// Products that find fewer threads do with those. But an OpenBLAS that is told to use more threads than it was loaded with makes them
    /// without a look at the answer, and a factorisation then waits for ever for one that is not there: it is told so here, once it is
    /// known that there is room for them.
    ///
    /// - Parameter prepare: runs first on each thread of our own.
    /// - Throws: where the system does not give them all.
    package func startThreads(_ prepare: @escaping @Sendable () -> Void) throws(ThreadError) {
        let count = threadCount
        guard count > 1, ComputeThreads.isLibrarySingle.load(ordering: .relaxed) else { return }
        try HelperThreads.shared.make(count - 1, prepare)
        guard provider == .openBLAS, count > loadedThreads else { return }
        try Self.requireRoom(for: count - loadedThreads)
        setLibraryThreads(count)
        setLibraryThreads(1)
    }

    /// Makes so many threads and lets them go.
    private static func requireRoom(for count: Int) throws(ThreadError) {
        let before = runningThreads
        let mayEnd = Guarded(false)
        defer {
            mayEnd.withLock { $0 = true }
            // A thread counts until the system has done with it.
            for _ in 0..<1000 where runningThreads > before { usleep(1000) }
        }
        for _ in 0..<count {
            try Threads.start("room", stackSize: 64 << 10) { while !mayEnd.withLock({ $0 }) { usleep(500) } }
        }
    }

    /// The threads of this process; 0 where the system does not say.
    private static var runningThreads: Int {
        guard let directory = opendir("/proc/self/task") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count
    }
}
