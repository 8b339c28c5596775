internal import HTTPServer
internal import Storage

/// The temporary file of a snapshot that is being streamed, and the room that it takes.
final class Spool: Sendable {
    let file: SpoolFile
    let share: SpoolShare

    /// An empty one.
    ///
    /// - Parameter lane: writing where the snapshot comes, reading where it goes.
    /// - Throws: 503 where there are too many, 507 where no file can be made.
    init(_ context: ServiceContext, for lane: Lane) throws(Problem) {
        share = try SpoolShare(context.spools, lane)
        do throws(StorageError) {
            file = try SpoolFile(in: context.spoolDirectory)
        } catch {
            throw Problem(.insufficientStorage, "cannot create a temporary file: \(error)")
        }
    }

    /// Maps all that was appended so far into memory.
    func map() throws(StorageError) -> MappedBytes { try file.map() }
}
