internal import Synchronization

/// How large products are shared between threads.
///
/// A BLAS that cuts one call for all threads makes them wait for each other several times a call, and at the shapes of learning (D by some
/// hundred columns) a fifth of their time went into that. So, where the library lets its threads be set, it keeps to one, and products are
/// cut here into few large shares that touch each other only at their end. Factorisations, which cannot be cut that way, borrow the
/// library's own threads while they last.
package enum ComputeThreads {
    /// The most shares of a product; 1 leaves products to the library, with whatever threads it has.
    static let count = Atomic<Int>(1)
    /// The same for one task alone: tests that run beside others want their products cut, and not those of the others.
    @TaskLocal static var countInTask: Int?
    /// Whether the library has been told to keep to one thread but for loans.
    static let isLibrarySingle = Atomic<Bool>(false)
    /// The factorisations that run with the library's threads now. What is computed beside them is not cut.
    private static let loans = ThreadLoans { BLASLibrary.current.setLibraryThreads($0) }

    /// Operations of a share below which handing it over costs more than it saves: some tens of microseconds of a core.
    private static let leastOperations = 1e6

    /// Calls `body` with consecutive ranges that together cover `0..<count`, at once on several threads.
    ///
    /// - Parameters:
    ///   - granule: the ranges begin at its multiples, as kernels work in tiles.
    ///   - operations: of all shares together.
    ///   - body: must write nothing that another range's call reads or writes.
    package static func share(_ count: Int, granule: Int = 16, operations: Double, _ body: (Range<Int>) -> Void) {
        let shares = shares(of: (count + granule - 1) / granule, operations: operations)
        guard shares > 1 else { return body(0..<count) }
        concurrently(shares, threads: shares) { share in
            let bound = { (share: Int) in min(count, ((count + granule - 1) / granule * share / shares) * granule) }
            let end = share + 1 == shares ? count : bound(share + 1)
            if bound(share) < end { body(bound(share)..<end) }
        }
    }

    /// How many shares so much work is cut into.
    static func shares(of parts: Int, operations: Double) -> Int {
        let threads = countInTask ?? count.load(ordering: .relaxed)
        guard threads > 1, !loans.areAny else { return 1 }
        return max(1, min(threads, parts, Int(operations / leastOperations)))
    }

    /// Whether a factorisation has the library's threads: a call that the library would cut for them then waits until it ends.
    static var areLent: Bool { loans.areAny }

    /// Calls `body` while the library keeps to one thread, for a call that must not wait for a factorisation's threads: none gets them
    /// before it has ended.
    ///
    /// - Parameter body: takes some milliseconds at most, which a factorisation may have to wait.
    /// - Returns: false where a factorisation has the threads, without a call.
    static func whileNotLent(_ body: () -> Void) -> Bool { loans.whileNone(body) }

    /// Calls `body` on this thread alone, whatever it computes: others have work of their own meanwhile.
    static func alone(_ body: () -> Void) { $countInTask.withValue(1, operation: body) }

    /// Does two things on a thread each; where there are not two, or too little to do, one after the other, each on all threads there are.
    ///
    /// - Parameters:
    ///   - operations: of both together.
    ///   - first: must touch nothing that `second` does.
    ///   - second: must touch nothing that `first` does.
    package static func both(operations: Double, _ first: () -> Void, _ second: () -> Void) {
        guard shares(of: 2, operations: operations) > 1 else {
            first()
            return second()
        }
        concurrently(2, threads: 2) { turn in alone(turn == 0 ? first : second) }
    }

    /// Calls `body` with 0 up to `turns`, in that order, on so many threads: each takes the next turn when it is done with the one before.
    static func concurrently(_ turns: Int, threads: Int, _ body: (Int) -> Void) {
        let threads = min(threads, turns)
        guard threads > 1 else {
            for turn in 0..<turns { body(turn) }
            return
        }
        HelperThreads.shared.run(turns, threads: threads, body)
    }

    /// Lets the library use as many threads of its own as there are shares otherwise, while `body` runs.
    static func lendToLibrary<R, E: Error>(order: Int, _ body: () throws(E) -> R) throws(E) -> R {
        let threads = countInTask ?? count.load(ordering: .relaxed)
        guard threads > 1, order >= 256 else { return try body() }
        loans.begin(threads: threads)
        defer { loans.end() }
        return try body()
    }
}
