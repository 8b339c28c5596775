internal import Storage

/// The removal of files that contain unlearned rows.
///
/// The first checkpoint without the rows marks the removal as pending, and so do all later ones until it is done: a process may be killed,
/// or a disk may fail, in between. Recovery completes a marked removal before the rows are reported as gone.
struct Erasure: Sendable, Equatable {
    /// The version of the first checkpoint without the rows: all files of earlier versions must be removed.
    let version: Int

    /// Removes the files and syncs the removal.
    ///
    /// - Parameter newest: the version of the newest checkpoint, which is in place.
    /// - Throws: `StorageError`; the removal is then still pending.
    func finish(in directory: ModelDirectory, newest: Int) throws(StorageError) {
        try directory.prune(before: newest, keeping: .max, erasing: version)
    }
}
