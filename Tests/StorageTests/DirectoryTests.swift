import Glibc
import StorageTestSupport
import Testing

@testable import Storage

@Suite struct DirectoryTests {
    private let directory = TemporaryDirectory()

    @Test func secondServer_isRefusedAndToldWhoHasTheDirectory() throws {
        let path = directory.path
        var first: DataDirectory? = try DataDirectory(path)
        let error = storageError { () throws(StorageError) in try DataDirectory(path) }
        #expect(error?.reason == .locked(process: Int(getpid())))
        #expect(error?.description == "\(path)/lock is in use by another process, PID \(getpid())")
        #expect(storageError { () throws(StorageError) in try DataDirectory(reading: path) }?.operation == .lock)
        first?.close()
        first = nil
        _ = try DataDirectory(path)
        rmdir(path + "/models")
    }

    @Test func missingParent_isNamed() {
        let path = directory.path + "/a/b"
        let error = storageError { () throws(StorageError) in try DataDirectory(path) }
        #expect(error == StorageError(.makeDirectory, path: path, reason: .system(ENOENT)))
    }

    @Test func leftovers_areRemovedAtTheNextStart() throws {
        let disk = SimulatedDisk()
        let keeper = try Keeper(disk)
        try keeper.learn()
        _ = try keeper.data.makeModel("n")
        let deleted = try keeper.data.delete("m")
        withExtendedLifetime(deleted) {}
        let next = try DataDirectory("/data", fileSystem: disk)
        #expect(try next.modelNames() == [])
        #expect(try disk.names(in: "/data/models") == [])
    }

    @Test func checkpointNotCommitted_leavesNoFile() throws {
        let disk = SimulatedDisk()
        let keeper = try Keeper(disk)
        let names = try disk.names(in: keeper.model.path)
        _ = try keeper.model.beginCheckpoint(version: 5)
        #expect(try disk.names(in: keeper.model.path) == names)
    }

    @Test func olderCheckpoints_areKeptAsManyAsAskedFor() throws {
        let disk = SimulatedDisk()
        let keeper = try Keeper(disk)
        for _ in 0..<5 {
            try keeper.learn()
            try keeper.checkpoint(keeping: 3)
        }
        // Each checkpoint is made two records after the last: one is added while it is synchronized.
        #expect(try keeper.model.checkpoints() == [5, 7, 9])
        #expect(try keeper.model.logs() == [9])
        try keeper.checkpoint()
        #expect(try keeper.model.checkpoints() == [10])
    }

    @Test func namesThatAreNoVersions_areLeftAlone() throws {
        let disk = SimulatedDisk()
        let keeper = try Keeper(disk)
        for name in [
            "checkpoint-.safetensors", "checkpoint-01.safetensors", "checkpoint--1.safetensors", "log-+1.wal", "log-x.wal", "notes",
        ] {
            _ = try File(keeper.model.path + "/" + name, .createNew, fileSystem: disk)
        }
        #expect(try keeper.model.checkpoints() == [0])
        #expect(try keeper.model.logs() == [0])
    }

    @Test func logThatDoesNotGoOn_isRefused() throws {
        let disk = SimulatedDisk()
        let keeper = try Keeper(disk)
        try keeper.learn()
        // A log of later records, some of which are missing.
        let later = try keeper.model.createLog(version: 5)
        var record = LogRecord()
        try later.append(&record, version: 6)
        let chain = try LogChain(keeper.model, after: 0)
        let error = storageError { () throws(StorageError) in while try chain.next() {} }
        #expect(error?.reason == .damaged(offset: 0, .missingLog(version: 1)))
        #expect(error?.path == keeper.model.logPath(5))
    }

    @Test func checkpointWithoutLog_isRefused() throws {
        let disk = SimulatedDisk()
        let keeper = try Keeper(disk)
        try disk.removeFile(keeper.model.logPath(0))
        let chain = try LogChain(keeper.model, after: 0)
        let error = storageError { () throws(StorageError) in try chain.next() }
        #expect(error?.reason == .damaged(offset: 0, .missingLog(version: 0)))
        #expect(error?.description == "/data/models/m/log-0.wal: no log continues from version 0: everything learned after it is missing")
    }

    @Test func firstLogOfSeveral_isMissed() throws {
        let disk = SimulatedDisk()
        let keeper = try Keeper(disk)
        try keeper.learn()
        // Begun for a failed checkpoint: it is empty, and does not replace the previous one.
        _ = try keeper.model.createLog(version: 1)
        try disk.removeFile(keeper.model.logPath(0))
        let chain = try LogChain(keeper.model, after: 0)
        let error = storageError { () throws(StorageError) in try chain.next() }
        #expect(error?.reason == .damaged(offset: 0, .missingLog(version: 0)))
    }

    /// The end of a log is damaged. A later log proves that it was complete once, though it has no complete record itself.
    @Test(arguments: [false, true]) func laterLog_tellsDamageFromATornEnd(isBegun: Bool) throws {
        let disk = SimulatedDisk()
        let keeper = try Keeper(disk)
        for _ in 0..<3 { try keeper.learn() }
        let next = try keeper.model.createLog(version: 3)
        if isBegun {
            var record = LogRecord()
            record.append(4)
            try next.append(&record, version: 4)
            try File(next.path, .readWrite, fileSystem: disk).truncate(to: next.size - 1)
        }
        let size = keeper.log.size
        try File(keeper.model.logPath(0), .readWrite, fileSystem: disk).truncate(to: size - 1)
        let chain = try LogChain(keeper.model, after: 0)
        let error = storageError { () throws(StorageError) in while try chain.next() {} }
        let torn = size - 1 - LogFormat.headerSize - 2 * 40
        #expect(error?.reason == .damaged(offset: LogFormat.headerSize + 2 * 40, .cutShort(bytes: torn)))
        #expect(error?.path == keeper.model.logPath(0))
    }

    /// A log was begun for a failed change, or for a checkpoint whose log's name could not be made durable.
    @Test(arguments: [2, 3]) func emptyLog_isLeftOut(version: Int) throws {
        let disk = SimulatedDisk()
        let keeper = try Keeper(disk)
        for _ in 0..<2 { try keeper.learn() }
        _ = try keeper.model.createLog(version: version)
        if version == 2 {
            // Learning continued in the previous log, and was interrupted.
            try keeper.learn()
            try File(keeper.model.logPath(0), .readWrite, fileSystem: disk).truncate(to: keeper.log.size - 1)
        }
        let next = try Keeper(disk)
        #expect(next.numbers == [1, 2])
        #expect(try next.model.logs() == [0])
    }

    /// What a power cut leaves of a log being created: any part of its header, or only its length.
    @Test func logWhoseMakingWasInterrupted_isLeftOut() throws {
        for length in [0, 1, 31, 32] {
            let disk = SimulatedDisk()
            let keeper = try Keeper(disk)
            try keeper.learn()
            try File(keeper.model.logPath(1), .createNew, fileSystem: disk).truncate(to: length)
            let next = try Keeper(disk)
            #expect(next.numbers == [1])
            #expect(try next.model.logs() == [0])
            try next.learn()
            #expect(try Keeper(disk).numbers == [1, 2])
        }
    }

    @Test func erasing_leavesNothingOlder() throws {
        let disk = SimulatedDisk()
        let keeper = try Keeper(disk)
        for _ in 0..<4 {
            try keeper.learn()
            try keeper.checkpoint(keeping: 9)
        }
        #expect(try keeper.model.checkpoints() == [0, 1, 3, 5, 7])
        _ = try File(keeper.model.temporaryPath(6), .createNew, fileSystem: disk)
        try keeper.model.prune(before: 7, keeping: 9, erasing: 5)
        #expect(try disk.names(in: keeper.model.path) == ["checkpoint-5.safetensors", "checkpoint-7.safetensors", "log-7.wal"])
    }

    /// The first calls of checking a directory.
    @Test(arguments: [(FaultyFileSystem.Operation.open, 1, "create /data/lock"), (.make, 2, "mkdir /data/models/.new-")])
    func directoryThatCannotBeWritten_isExplained(operation: FaultyFileSystem.Operation, index: Int, call: String) throws {
        for (number, words) in [(EROFS, "Read-only file system"), (EACCES, "Permission denied"), (EPERM, "Operation not permitted")] {
            let disk = SimulatedDisk()
            _ = try Keeper(disk)
            let faulty = FaultyFileSystem(disk)
            faulty.fail(operation, index, .error(number), isLasting: true)
            let error = storageError { () throws(StorageError) in try DataDirectory("/data", fileSystem: faulty) }
            #expect(error?.errorNumber == number)
            #expect(
                error?.description
                    == "\(call): \(words): the data directory must be writable by user ID \(geteuid()), which runs this "
                    + "program")
        }
    }

    @Test func fullDisk_isNoReasonNotToOpen() throws {
        let disk = SimulatedDisk()
        _ = try Keeper(disk)
        for (operation, index) in [(FaultyFileSystem.Operation.write, 0), (.truncate, 0), (.make, 2)] {
            let faulty = FaultyFileSystem(disk)
            faulty.fail(operation, index, .error(ENOSPC), isLasting: true)
            #expect(try DataDirectory("/data", fileSystem: faulty).modelNames() == ["m"])
            #expect(faulty.count(operation) == index + 1)
        }
    }
}
