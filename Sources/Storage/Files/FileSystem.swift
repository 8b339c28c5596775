/// The few system calls on which all of this module's promises rest; tests replace the real ones with failing ones.
///
/// As in the kernel, a result below 0 is a negative `errno`. Every call is one attempt: the caller continues after interruptions (`EINTR`)
/// and short counts.
public protocol FileSystem: Sendable {
    /// Opens a file; returns a descriptor.
    func open(_ path: String, flags: Int32, permissions: UInt32) -> Int
    /// Closes a descriptor.
    func close(_ descriptor: Int32) -> Int
    /// Reads at a position; returns the number of bytes read.
    func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer, at offset: Int) -> Int
    /// Writes at a position; returns the number of bytes written.
    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int
    /// The size of an open file.
    func size(_ descriptor: Int32) -> Int
    /// Passes the identity of an open file.
    func identify(_ descriptor: Int32, _ body: (FileIdentity) -> Void) -> Int
    /// Passes the identity of the file or directory at a path.
    func identify(_ path: String, _ body: (FileIdentity) -> Void) -> Int
    /// Sets the size of an open file.
    func truncate(_ descriptor: Int32, to size: Int) -> Int
    /// Waits until a file's data is on the device.
    func synchronizeData(_ descriptor: Int32) -> Int
    /// Waits until a file's data and attributes, or a directory's entries, are on the device.
    func synchronize(_ descriptor: Int32) -> Int
    /// Takes the exclusive lock of an open file, or fails with `EWOULDBLOCK` if another has it.
    func lock(_ descriptor: Int32) -> Int
    /// Releases the lock of an open file, for all of its descriptors.
    func unlock(_ descriptor: Int32) -> Int
    /// Renames a file or a directory, replacing a file that has the new name.
    func rename(_ path: String, to new: String) -> Int
    /// Removes a file's name.
    func remove(_ path: String) -> Int
    /// Makes a directory.
    func makeDirectory(_ path: String, permissions: UInt32) -> Int
    /// Removes an empty directory.
    func removeDirectory(_ path: String) -> Int
    /// Passes the names of a directory's entries, without `.` and `..`, in no order.
    func list(_ path: String, _ body: (String) -> Void) -> Int
}
