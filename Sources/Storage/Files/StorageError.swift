internal import Glibc

/// Why a file operation failed: which operation, on which file, and what the system said.
public struct StorageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The operation that failed, named as the system call is.
    public enum Operation: String, Sendable {
        /// Opening a file that should exist.
        case open
        /// Making a file.
        case create
        /// Reading.
        case read
        /// Writing.
        case write
        /// Asking for the size.
        case size = "fstat"
        /// Setting the size.
        case truncate = "ftruncate"
        /// Waiting for data to reach the device.
        case synchronizeData = "fdatasync"
        /// Waiting for data and attributes to reach the device.
        case synchronize = "fsync"
        /// Mapping into memory.
        case map = "mmap"
        /// Making a second descriptor.
        case duplicate = "dup"
        /// Closing.
        case close
        /// Giving another name.
        case rename
        /// Removing.
        case remove = "unlink"
        /// Making a directory.
        case makeDirectory = "mkdir"
        /// Reading a directory.
        case list = "readdir"
        /// Taking a lock.
        case lock = "flock"
        /// Adding to a log.
        case append
        /// Finding out what a file of our own holds.
        case recover
        /// Finding out which file a path names.
        case identify = "stat"
    }

    /// What was wrong.
    public enum Reason: Equatable, Sendable {
        /// The system refused, with this `errno`.
        case system(Int32)
        /// The file ended before all bytes that were asked for.
        case unexpectedEnd
        /// The file would grow beyond its limit.
        case limitExceeded(bytes: Int)
        /// A file of our own is not as it was written, from this offset on.
        case damaged(offset: Int, StorageDamage)
        /// A file of our own was written in a later format than this program reads.
        case newerFormat(UInt32, known: UInt32)
        /// Another process holds the lock; its number where it is known.
        case locked(process: Int?)
        /// The system does not let this process write there, with this `errno`.
        case notWritable(Int32)
        /// The path no longer names the file that is open: the file, or a directory above it, was removed, moved or replaced.
        case notInPlace
        /// An earlier failure left unknown what is on the device: nothing is added any more.
        case unusable
    }

    /// The operation that failed.
    public var operation: Operation
    /// The path of the file, or of its directory where the file has no name.
    public var path: String
    /// What was wrong.
    public var reason: Reason

    /// Makes an error.
    public init(_ operation: Operation, path: String, reason: Reason) {
        self.operation = operation
        self.path = path
        self.reason = reason
    }

    /// Makes an error from a result of `FileSystem`.
    init(_ operation: Operation, path: String, failure: Int) {
        self.init(operation, path: path, reason: .system(Int32(truncatingIfNeeded: -failure)))
    }

    /// The `errno` of a refusal by the system.
    public var errorNumber: Int32? {
        switch reason {
        case .system(let number), .notWritable(let number): number
        default: nil
        }
    }

    /// Whether there was no room: on the device, in a quota, or under a limit on file sizes.
    public var isOutOfSpace: Bool {
        switch reason {
        case .system(let number): number == ENOSPC || number == EDQUOT || number == EFBIG
        case .limitExceeded: true
        default: false
        }
    }

    /// Whether a file that is in use has been removed, moved or replaced, or a directory above it.
    public var isOutOfPlace: Bool { reason == .notInPlace }

    /// For example `open /data/log.wal: No such file or directory`.
    public var description: String {
        switch reason {
        case .system(let number): "\(operation.rawValue) \(path): \(Self.text(of: number))"
        case .unexpectedEnd: "\(operation.rawValue) \(path): the file ends too early"
        case .limitExceeded(let bytes): "\(operation.rawValue) \(path): larger than the limit of \(bytes) bytes"
        case .damaged(_, .missingLog(let version)): "\(path): \(StorageDamage.missingLog(version: version))"
        case .damaged(let offset, let damage): "\(path) is damaged at offset \(offset): \(damage)"
        case .newerFormat(let format, let known):
            "\(path) has format \(format), written by a newer version of this program; this version reads formats up to \(known)"
        case .notWritable(let number):
            "\(operation.rawValue) \(path): \(Self.text(of: number)): the data directory must be writable by user ID \(geteuid()), "
                + "which runs this program"
        case .locked(let process): "\(path) is in use by another process" + (process.map { ", PID \($0)" } ?? "")
        case .notInPlace:
            "\(operation.rawValue) \(path): this path no longer leads to the open file: the file, or a directory above it, was "
                + "removed, moved or replaced"
        case .unusable: "\(path) accepts no more writes: an earlier write or sync failed, and what reached the device is unknown"
        }
    }

    private static func text(of number: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            // Unlike strerror, this writes nowhere but into the buffer.
            guard strerror_r(number, buffer.baseAddress!, buffer.count) == 0 else { return "error \(number)" }
            return String(cString: buffer.baseAddress!)
        }
    }
}
