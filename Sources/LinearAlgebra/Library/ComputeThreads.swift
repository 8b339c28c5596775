internal import Synchronization

/// Shares large products among threads.
///
/// A BLAS that cuts one call for all threads makes them wait for each other several times per call; at the shapes of learning (D by a few
/// hundred columns) that took a fifth of their time. If the library's threads can be set, it therefore keeps to one, and products are cut
/// here into few large shares that meet only at their end. Factorisations cannot be cut that way; they borrow the library's own threads
/// while they run.
package enum ComputeThreads {
    /// Most shares of a product; 1 leaves products to the library and its threads.
    static let count = Atomic<Int>(1)
    /// The same for one task alone: tests that run beside others cut their own products only.
    @TaskLocal static var countInTask: Int?
    /// Whether the library keeps to one thread except for loans.
    static let isLibrarySingle = Atomic<Bool>(false)
    /// Factorisations that run with the library's threads now. Other work is not cut meanwhile.
    private static let loans = ThreadLoans { BLASLibrary.current.setLibraryThreads($0) }

    /// Operations of a share below which handing it over costs more than it saves: tens of microseconds of a core.
    private static let leastOperations = 1e6

    /// Calls `body` with consecutive ranges that together cover `0..<count`, concurrently on several threads.
    ///
    /// - Parameters:
    ///   - granule: ranges begin at its multiples, as kernels work in tiles.
    ///   - operations: of all shares together.
    ///   - body: must write nothing that the call for another range reads or writes.
    package static func share(_ count: Int, granule: Int = 16, operations: Double, _ body: (Range<Int>) -> Void) {
        let shares = shares(of: (count + granule - 1) / granule, operations: operations)
        guard shares > 1 else { return body(0..<count) }
        concurrently(shares, threads: shares) { share in
            let bound = { (share: Int) in min(count, ((count + granule - 1) / granule * share / shares) * granule) }
            let end = share + 1 == shares ? count : bound(share + 1)
            if bound(share) < end { body(bound(share)..<end) }
        }
    }

    /// Shares for this much work.
    static func shares(of parts: Int, operations: Double) -> Int {
        let threads = countInTask ?? count.load(ordering: .relaxed)
        guard threads > 1, !loans.areAny else { return 1 }
        return max(1, min(threads, parts, Int(operations / leastOperations)))
    }

    /// Whether a factorisation has the library's threads: a call that the library would cut for them waits until it ends.
    static var areLent: Bool { loans.areAny }

    /// Calls `body` while the library keeps to one thread. No factorisation gets the library's threads before `body` has ended.
    ///
    /// - Parameter body: takes a few milliseconds at most; a factorisation may have to wait for it.
    /// - Returns: false, without calling `body`, if a factorisation has the threads.
    static func whileNotLent(_ body: () -> Void) -> Bool { loans.whileNone(body) }

    /// Calls `body` on this thread alone: the other threads have work of their own.
    static func alone(_ body: () -> Void) { $countInTask.withValue(1, operation: body) }

    /// Calls `body` with `0..<turns` in order on this many threads: each takes the next turn when it finishes one.
    static func concurrently(_ turns: Int, threads: Int, _ body: (Int) -> Void) {
        let threads = min(threads, turns)
        guard threads > 1 else {
            for turn in 0..<turns { body(turn) }
            return
        }
        HelperThreads.shared.run(turns, threads: threads, body)
    }

    /// Lets the library use as many of its own threads as there would be shares, while `body` runs.
    static func lendToLibrary<R, E: Error>(order: Int, _ body: () throws(E) -> R) throws(E) -> R {
        let threads = countInTask ?? count.load(ordering: .relaxed)
        guard threads > 1, order >= 256 else { return try body() }
        loans.begin(threads: threads)
        defer { loans.end() }
        return try body()
    }
}
