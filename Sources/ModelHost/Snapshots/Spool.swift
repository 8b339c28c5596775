package import Concurrency
package import Storage

/// The temporary file of a snapshot being streamed, and its share of the limits.
package final class Spool: Sendable {
    package let file: SpoolFile
    /// Released once the file is closed.
    package let share: SpoolShare
    private let limits: SpoolLimits

    /// Creates an empty file.
    ///
    /// - Parameter lane: writing for an upload, reading for a download.
    /// - Throws: `unavailable` if there are too many, `outOfSpace` if no file can be created.
    package init(_ limits: SpoolLimits, for lane: Lane) throws(ModelError) {
        share = try SpoolShare(limits, lane)
        self.limits = limits
        do throws(StorageError) {
            file = try SpoolFile(in: limits.directory)
        } catch {
            throw ModelError(.outOfSpace, "cannot create a temporary file: \(error)")
        }
    }

    deinit {
        limits.closing { [file, share] in
            // Its size is what counts, and nothing reads it any more.
            try? file.close()
            withExtendedLifetime(share) {}
        }
    }

    /// Maps everything appended so far into memory.
    func map() throws(StorageError) -> MappedBytes { try file.map() }
}
