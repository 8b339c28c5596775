import Glibc
import StorageTestSupport
import Testing

@testable import Storage

@Suite struct LogTests {
    private let directory = TemporaryDirectory()
    private var model: ModelDirectory { ModelDirectory(directory.path) }
    private var path: String { model.logPath(7) }

    /// Bodies of different lengths.
    private static let bodies: [[UInt8]] = [[1, 2, 3], Array(repeating: 9, count: 40), [], Array(0..<64), [255]]

    private func append(_ body: [UInt8], to log: WriteAheadLog) throws {
        var record = LogRecord()
        body.withUnsafeBytes { record.append($0) }
        try log.append(&record, version: log.version + 1)
    }

    /// A log of all bodies, as bytes, and where each record begins.
    private func makeLog() throws -> (bytes: [UInt8], starts: [Int]) {
        let log = try model.createLog(version: 7)
        var starts: [Int] = []
        for body in Self.bodies {
            starts.append(log.size)
            try append(body, to: log)
        }
        return (try bytes(of: path), starts + [log.size])
    }

    private func bytes(of path: String) throws -> [UInt8] {
        let file = try File(path)
        var bytes = [UInt8](repeating: 0, count: try file.size())
        try bytes.withUnsafeMutableBytes { try file.readAll(into: $0, at: 0) }
        return bytes
    }

    private func put(_ bytes: [UInt8]) throws {
        let file = try File(path, .createOrEmpty)
        try bytes.withUnsafeBytes { try file.write($0, at: 0) }
    }

    /// The content of a log's records, or why it is refused.
    private func read() -> Result<(bodies: [[UInt8]], torn: Int), StorageError> {
        do throws(StorageError) {
            let reader = try LogReader(path)
            var bodies: [[UInt8]] = []
            while try reader.next() { bodies.append(reader.withBody { Array($0) }) }
            return .success((bodies, reader.tornBytes))
        } catch {
            return .failure(error)
        }
    }

    @Test func records_areReadBackInOrder() throws {
        _ = try makeLog()
        let reader = try LogReader(path)
        #expect(reader.baseVersion == 7)
        for (index, body) in Self.bodies.enumerated() {
            #expect(try reader.next())
            #expect(reader.version == 8 + index)
            #expect(reader.withBody { Array($0) } == body)
        }
        #expect(try !reader.next())
        #expect(reader.tornBytes == 0)
        #expect(reader.recordCount == Self.bodies.count)
    }

    @Test func everyCut_leavesTheWholeRecordsBeforeIt() throws {
        let (bytes, starts) = try makeLog()
        for length in 0..<bytes.count {
            try put(Array(bytes[..<length]))
            switch read() {
            case .success(let log):
                let whole = starts.lastIndex { $0 <= length }!
                #expect(log.bodies == Array(Self.bodies[..<whole]), "cut at \(length)")
                #expect(log.torn == length - starts[whole])
            case .failure(let error):
                #expect(length < LogFormat.headerSize && error.reason == .unexpectedEnd, "cut at \(length): \(error)")
            }
        }
    }

    @Test func everyFlippedByte_isRefusedWithItsRecordOrCutWithTheLast() throws {
        let (bytes, starts) = try makeLog()
        for offset in 0..<bytes.count {
            for mask in [UInt8(1), 0x80, 0xFF] {
                var changed = bytes
                changed[offset] ^= mask
                try put(changed)
                let record = starts.lastIndex { $0 <= offset }
                switch (read(), record) {
                case (.failure(let error), nil):
                    #expect(error.reason == .damaged(offset: 0, .logHeader))
                case (.failure(let error), let record?):
                    #expect(record < Self.bodies.count - 1, "byte \(offset)")
                    #expect(error.reason == .damaged(offset: starts[record], .record(nextWhole: starts[record + 1])), "byte \(offset)")
                    #expect(error.description.contains("offset \(starts[record])") && error.path == path)
                case (.success(let log), let record):
                    #expect(record == Self.bodies.count - 1, "byte \(offset)")
                    #expect(log.bodies == Self.bodies.dropLast())
                    #expect(log.torn == bytes.count - starts[Self.bodies.count - 1])
                }
            }
        }
    }

    /// A record is damaged, and the last one, after it, is partly there.
    @Test func damageBeforeATornRecord_isRefused() throws {
        let (bytes, starts) = try makeLog()
        let (damaged, last) = (starts[3], starts[4])
        for length in (last + 1)..<bytes.count {
            for offset in damaged..<last {
                var changed = Array(bytes[..<length])
                changed[offset] ^= 0x40
                try put(changed)
                let isKnownEnd = offset >= damaged + LogFormat.headerSize
                let isKnownNext = length >= last + LogFormat.headerSize
                switch read() {
                case .failure(let error):
                    #expect(isKnownEnd || isKnownNext)
                    #expect(error.reason == .damaged(offset: damaged, .recordFollowed(by: last)), "byte \(offset), cut at \(length)")
                    #expect(error.description.contains("offset \(damaged)") && error.description.contains("offset \(last)"))
                case .success(let log):
                    // Neither has a header left: nothing distinguishes them from one incomplete record.
                    #expect(!isKnownEnd && !isKnownNext, "byte \(offset), cut at \(length)")
                    #expect(log.bodies == Array(Self.bodies[..<3]) && log.torn == length - damaged)
                }
            }
        }
    }

    /// A power cut leaves any pages of the last write, and the file may already have its final length.
    @Test func pagesOfTheLastWriteInAnyOrder_areCut() throws {
        let log = try model.createLog(version: 7)
        try append([1, 2, 3], to: log)
        let start = log.size
        var generator = SplitMix(state: 5)
        // As a client might send: bytes that look like records.
        let whole = try bytes(of: path)
        try append(Array((0..<40).flatMap { _ in whole[32...] }), to: log)
        let written = try bytes(of: path)
        let page = 64
        for _ in 0..<500 {
            var changed = written
            var missing = 0
            for first in stride(from: start / page * page, to: written.count, by: page) where generator.next() % 2 == 0 {
                for offset in max(first, start)..<min(first + page, written.count) { changed[offset] = 0 }
                missing += 1
            }
            guard missing > 0 else { continue }
            try put(changed)
            let read = try read().get()
            #expect(read.bodies == [[1, 2, 3]] && read.torn == written.count - start)
        }
    }

    /// The visible part of a cut end determines what it may have been.
    @Test func tornEnd_saysWhetherItMayHaveBeenAcknowledged() throws {
        let (bytes, starts) = try makeLog()
        let last = starts[Self.bodies.count - 1]
        func end(_ bytes: [UInt8]) throws -> TornEnd? {
            try put(bytes)
            let reader = try LogReader(path)
            while try reader.next() {}
            return reader.tornEnd
        }
        #expect(try end(bytes) == nil)
        for length in (last + 1)..<bytes.count {
            let torn = try #require(try end(Array(bytes[..<length])))
            #expect(torn == TornEnd(path: path, offset: last, byteCount: length - last, content: .cutShort))
            #expect(!torn.mayHaveBeenAcknowledged && torn.description.contains("never acknowledged"))
        }
        for offset in last..<bytes.count {
            var changed = bytes
            changed[offset] ^= 0x10
            let torn = try #require(try end(changed))
            let isHeader = offset < last + LogFormat.headerSize
            #expect(torn.content == (isHeader ? .wrongHeader : .wrongBody) && torn.offset == last && torn.byteCount == bytes.count - last)
            #expect(torn.mayHaveBeenAcknowledged && torn.description.contains("does not show which"))
            #expect(!torn.description.contains("never"))
        }
    }

    /// A log whose path leads elsewhere acknowledges nothing.
    @Test func logThatIsNotInPlace_takesNothingMore() throws {
        let log = try model.createLog(version: 7)
        try append([1], to: log)
        let moved = path + ".moved"
        #expect(rename(path, moved) == 0)
        #expect(throws: StorageError(.identify, path: path, reason: .notInPlace)) { try append([2], to: log) }
        #expect(!log.isUsable)
        #expect(throws: StorageError.self) { try append([3], to: log) }
        #expect(throws: StorageError(.identify, path: path, reason: .notInPlace)) { try log.prove() }
        // Back in place, acknowledged records may be acknowledged again; learning has ended all the same.
        #expect(rename(moved, path) == 0)
        try log.prove()
        #expect(!log.isUsable)
    }

    @Test func newerFormat_isNamed() throws {
        var header = LogFormat.FileHeader(baseVersion: 7, salt: 1)
        header.format = LogFormat.newest + 1
        try put(header.bytes)
        let error = storageError { () throws(StorageError) in try LogReader(path) }
        #expect(error?.reason == .newerFormat(LogFormat.newest + 1, known: LogFormat.newest))
    }

    @Test func recordOfAnotherPlaceOrFile_isNoRecord() throws {
        let (bytes, starts) = try makeLog()
        // A client sends bytes that are a record of this very log, and the record that contains them is torn.
        let log = try WriteAheadLog(continuing: finished(), fileSystem: SystemFileSystem())
        try append(Array(bytes[starts[1]..<starts[2]]), to: log)
        let whole = try self.bytes(of: path)
        try put(whole.dropLast(1))
        guard case .success(let read) = read() else {
            Issue.record("refused")
            return
        }
        #expect(read.bodies == Self.bodies)
        #expect(read.torn == whole.count - 1 - bytes.count)
    }

    private func finished() throws -> LogReader {
        let reader = try LogReader(path)
        while try reader.next() {}
        return reader
    }

    @Test func tornEnd_isCutBeforeAnythingIsAdded() throws {
        let (bytes, starts) = try makeLog()
        try put(bytes.dropLast(1))
        let log = try WriteAheadLog(continuing: finished(), fileSystem: SystemFileSystem())
        #expect(log.size == starts[4])
        #expect(try File(path).size() == starts[4])
        try append([42], to: log)
        #expect(try read().get().bodies == Self.bodies.dropLast() + [[42]])
    }

    @Test func recordTakenBack_isGone() throws {
        let log = try model.createLog(version: 7)
        try append([1], to: log)
        try append([2], to: log)
        #expect(log.removeLast())
        #expect(log.version == 8)
        // Only the last one can be taken back, and only once.
        #expect(!log.removeLast())
        try append([3], to: log)
        #expect(try read().get().bodies == [[1], [3]])
    }

    // MARK: Faults

    private func faulty() throws -> (FaultyFileSystem, WriteAheadLog) {
        let fileSystem = FaultyFileSystem(SystemFileSystem())
        return (fileSystem, try ModelDirectory(directory.path, fileSystem: fileSystem).createLog(version: 7))
    }

    @Test(arguments: [FaultyFileSystem.Fault.error(ENOSPC), .error(EIO), .error(EDQUOT), .shortThenFull])
    func failedWrite_leavesNothingAndTheLogUsable(fault: FaultyFileSystem.Fault) throws {
        let (fileSystem, log) = try faulty()
        try append([1], to: log)
        fileSystem.fail(.write, 0, fault)
        let error = #expect(throws: StorageError.self) { try append([2], to: log) }
        #expect(error?.operation == .write)
        #expect(error?.isOutOfSpace == (fault != .error(EIO)))
        #expect(log.isUsable && log.version == 8)
        // The cut itself is on the device.
        #expect(fileSystem.count(.truncate) == 1 && fileSystem.count(.synchronizeData) == 1)
        #expect(try File(path).size() == log.size)
        fileSystem.heal()
        try append([3], to: log)
        #expect(try read().get().bodies == [[1], [3]])
    }

    @Test(arguments: [FaultyFileSystem.Fault.error(EINTR), .short]) func interruptionsAndShortWrites_areGoneOnAfter(
        fault: FaultyFileSystem.Fault
    ) throws {
        let (fileSystem, log) = try faulty()
        for operation in [FaultyFileSystem.Operation.write, .synchronizeData] {
            fileSystem.fail(operation, 0, fault)
            try append([1, 2, 3], to: log)
        }
        #expect(try read().get().bodies == [[1, 2, 3], [1, 2, 3]])
    }

    @Test func failedSynchronization_isFinalAndNeverTriedAgain() throws {
        let (fileSystem, log) = try faulty()
        try append([1], to: log)
        fileSystem.fail(.synchronizeData, 0, .error(EIO))
        #expect(throws: StorageError.self) { try append([2], to: log) }
        #expect(!log.isUsable)
        fileSystem.heal()
        let error = #expect(throws: StorageError.self) { try append([3], to: log) }
        #expect(error?.reason == .unusable)
        #expect(!log.removeLast())
        #expect(fileSystem.count(.synchronizeData) == 1)
        #expect(fileSystem.count(.write) == 1)
    }

    @Test(arguments: [FaultyFileSystem.Operation.truncate, .synchronizeData])
    func failedCut_isFinal(operation: FaultyFileSystem.Operation) throws {
        let (fileSystem, _) = try faulty()
        // Two faults in a row: the write fails, and then its cut.
        let front = FaultyFileSystem(fileSystem)
        let log = try ModelDirectory(directory.path, fileSystem: front).createLog(version: 9)
        fileSystem.fail(operation, 0, .error(EIO))
        front.fail(.write, 0, .error(ENOSPC))
        let error = #expect(throws: StorageError.self) { try append([2], to: log) }
        #expect(error?.isOutOfSpace == true)
        #expect(!log.isUsable)
    }

    // MARK: In two halves

    @Test(arguments: [false, true]) func recordSyncedElsewhere_isInTheLogOnceItIsComplete(fails: Bool) throws {
        let (fileSystem, log) = try faulty()
        try append([1], to: log)
        let (size, version) = (log.size, log.version)
        var record = LogRecord()
        [2, 3].withUnsafeBytes { record.append($0) }
        if fails { fileSystem.fail(.synchronizeData, 0, .error(EIO)) }
        let written = try log.write(&record, version: version + 1)
        #expect(log.size == size && log.version == version)
        let failure = written.synchronize()
        #expect((failure != nil) == fails)
        guard fails else {
            try log.complete(written, failure: failure)
            #expect(log.version == version + 1 && log.size > size)
            #expect(log.removeLast() && log.size == size)
            return
        }
        #expect(throws: StorageError.self) { try log.complete(written, failure: failure) }
        #expect(!log.isUsable && log.version == version && !log.removeLast())
    }
}
