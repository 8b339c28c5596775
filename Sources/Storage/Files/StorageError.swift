internal import Glibc

/// Why a file operation failed: the operation, the file, and what the system said.
public struct StorageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The failed operation, named like the system call.
    public enum Operation: String, Sendable {
        /// Opening a file that should exist.
        case open
        /// Creating a file.
        case create
        /// Reading.
        case read
        /// Writing.
        case write
        /// Reading the size.
        case size = "fstat"
        /// Setting the size.
        case truncate = "ftruncate"
        /// Waiting for data to reach the device.
        case synchronizeData = "fdatasync"
        /// Waiting for data and attributes to reach the device.
        case synchronize = "fsync"
        /// Mapping into memory.
        case map = "mmap"
        /// Duplicating a descriptor.
        case duplicate = "dup"
        /// Closing.
        case close
        /// Renaming.
        case rename
        /// Removing.
        case remove = "unlink"
        /// Creating a directory.
        case makeDirectory = "mkdir"
        /// Reading a directory.
        case list = "readdir"
        /// Taking a lock.
        case lock = "flock"
        /// Appending to a log.
        case append
        /// Reading one of our own files for recovery.
        case recover
        /// Finding the file that a path names.
        case identify = "stat"
    }

    /// What was wrong.
    public enum Reason: Equatable, Sendable {
        /// The system refused, with this `errno`.
        case system(Int32)
        /// The file ended before all requested bytes.
        case unexpectedEnd
        /// The file would grow beyond its limit.
        case limitExceeded(bytes: Int)
        /// One of our own files is not as it was written, from this offset on.
        case damaged(offset: Int, StorageDamage)
        /// One of our own files has a later format than this program reads.
        case newerFormat(UInt32, known: UInt32)
        /// Another process holds the lock; its number, if known.
        case locked(process: Int?)
        /// The system does not let this process write there, with this `errno`.
        case notWritable(Int32)
        /// The path no longer names the file that is open: the file, or a directory above it, was removed, moved or replaced.
        case notInPlace
        /// After an earlier failure it is unknown what is on the device: nothing is added any more.
        case unusable
    }

    /// The operation that failed.
    public var operation: Operation
    /// The path of the file, or of its directory if the file has no name.
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

    /// Whether space ran out: on the device, in a quota, or under a limit on file sizes.
    public var isOutOfSpace: Bool {
        switch reason {
        case .system(let number): number == ENOSPC || number == EDQUOT || number == EFBIG
        case .limitExceeded: true
        default: false
        }
    }

    /// Whether a file in use, or a directory above it, has been removed, moved or replaced.
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
            // Unlike strerror, this writes only into the buffer.
            guard strerror_r(number, buffer.baseAddress!, buffer.count) == 0 else { return "error \(number)" }
            return String(cString: buffer.baseAddress!)
        }
    }
}
