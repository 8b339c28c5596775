package import Concurrency
package import Storage

/// The temporary file of a snapshot being streamed, and its share of the limits.
package final class Spool: Sendable {
    package let file: SpoolFile
    /// Released with the last reference.
    package let share: SpoolShare

    /// Creates an empty file.
    ///
    /// - Parameter lane: writing for an upload, reading for a download.
    /// - Throws: `unavailable` if there are too many, `outOfSpace` if no file can be created.
    package init(_ limits: SpoolLimits, for lane: Lane) throws(ModelError) {
        share = try SpoolShare(limits, lane)
        do throws(StorageError) {
            file = try SpoolFile(in: limits.directory)
        } catch {
            throw ModelError(.outOfSpace, "cannot create a temporary file: \(error)")
        }
    }

    /// Maps everything appended so far into memory.
    func map() throws(StorageError) -> MappedBytes { try file.map() }
}
