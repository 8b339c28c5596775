/// The few system calls that all of this module's promises rest on; tests put one that fails in place of the real one.
///
/// As in the kernel, a result below 0 is a negative `errno`. Every call is one attempt: interruptions (`EINTR`) and short counts are for
/// the caller to go on after.
public protocol FileSystem: Sendable {
    /// Opens a file; answers a descriptor.
    func open(_ path: String, flags: Int32, permissions: UInt32) -> Int
    /// Closes a descriptor.
    func close(_ descriptor: Int32) -> Int
    /// Reads at a position; answers how many bytes came.
    func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer, at offset: Int) -> Int
    /// Writes at a position; answers how many bytes went.
    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int
    /// The size of an open file.
    func size(_ descriptor: Int32) -> Int
    /// Hands out which file is open.
    func identify(_ descriptor: Int32, _ body: (FileIdentity) -> Void) -> Int
    /// Hands out which file or directory has a path.
    func identify(_ path: String, _ body: (FileIdentity) -> Void) -> Int
    /// Sets the size of an open file.
    func truncate(_ descriptor: Int32, to size: Int) -> Int
    /// Waits until a file's data is on the device.
    func synchronizeData(_ descriptor: Int32) -> Int
    /// Waits until a file's data and attributes, or a directory's entries, are on the device.
    func synchronize(_ descriptor: Int32) -> Int
    /// Takes the exclusive lock of an open file, or says that another has it (`EWOULDBLOCK`).
    func lock(_ descriptor: Int32) -> Int
    /// Gives the lock of an open file up, for whatever other descriptors there may be of it too.
    func unlock(_ descriptor: Int32) -> Int
    /// Renames a file or a directory, over a file that has the new name already.
    func rename(_ path: String, to new: String) -> Int
    /// Removes a file's name.
    func remove(_ path: String) -> Int
    /// Makes a directory.
    func makeDirectory(_ path: String, permissions: UInt32) -> Int
    /// Removes an empty directory.
    func removeDirectory(_ path: String) -> Int
    /// Hands out the names of a directory's entries, `.` and `..` left out, in no order.
    func list(_ path: String, _ body: (String) -> Void) -> Int
}
