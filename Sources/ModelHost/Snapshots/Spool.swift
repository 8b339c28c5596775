package import Concurrency
package import Storage

/// The temporary file of a snapshot that is being streamed, and the room that it takes.
package final class Spool: Sendable {
    package let file: SpoolFile
    /// Given back with the last reference.
    package let share: SpoolShare

    /// An empty one.
    ///
    /// - Parameter lane: writing for a snapshot that comes, reading for one that goes.
    /// - Throws: `unavailable` if there are too many, `outOfSpace` if no file can be made.
    package init(_ limits: SpoolLimits, for lane: Lane) throws(ModelError) {
        share = try SpoolShare(limits, lane)
        do throws(StorageError) {
            file = try SpoolFile(in: limits.directory)
        } catch {
            throw ModelError(.outOfSpace, "cannot create a temporary file: \(error)")
        }
    }

    /// Maps all that was appended so far into memory.
    func map() throws(StorageError) -> MappedBytes { try file.map() }
}
