internal import Storage

/// The removal of files which hold rows that have been unlearned.
///
/// The checkpoint without the rows says that it is owed, and so do all after it until it is done: a process may be killed, and a disk may
/// fail, between the two. Whoever finds the mark goes on with it before the rows are said to be gone.
struct Erasure: Sendable, Equatable {
    /// The version of the first checkpoint without the rows: all files of earlier ones must go.
    let version: Int

    /// Removes them, and makes that last.
    ///
    /// - Parameter newest: the version of the newest checkpoint, which is in place.
    /// - Throws: `StorageError`; the removal is still owed then.
    func finish(in directory: ModelDirectory, newest: Int) throws(StorageError) {
        try directory.prune(before: newest, keeping: .max, erasing: version)
    }
}
