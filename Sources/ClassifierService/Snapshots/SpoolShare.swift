internal import HTTPServer
internal import Locks

/// What one snapshot takes of the files, and the disk, that all may take while they are streamed; given back with the last reference.
final class SpoolShare: Sendable {
    private let budget: MemoryBudget
    private let files: MemoryBudget
    private let taken = Guarded(0)

    /// A share of one file, and of no disk yet.
    ///
    /// - Throws: 503 where there are too many.
    init(_ context: ServiceContext) throws(Problem) {
        let files = context.spoolFiles
        // Before the object is whole: it would give back what it has not taken.
        guard files.reserve(1) else { throw .busy("\(files.limit) snapshots are being streamed") }
        self.files = files
        budget = context.spoolBudget
    }

    deinit {
        budget.release(taken.withLock { $0 })
        files.release(1)
    }

    /// Takes so many bytes more.
    ///
    /// - Throws: 503 where others take the room; 507 where there is not so much in all.
    func take(_ bytes: Int) throws(Problem) {
        let total = taken.withLock { $0 }.addingReportingOverflow(bytes)
        guard !total.overflow, total.partialValue <= budget.limit else {
            throw Problem(
                .insufficientStorage,
                "the snapshot is larger than the \(budget.limit) bytes that all may take while they are streamed; --max-spool allows more")
        }
        guard budget.reserve(bytes) else { throw .busy("other snapshots take all the disk there is for those that are being streamed") }
        taken.withLock { $0 += bytes }
    }
}
