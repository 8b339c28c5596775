import Testing

@testable import Storage

/// A model's state in the smallest form, stored as the service stores models: a list of numbers, one added by each record.
///
/// State v is the numbers 1…v, so what a crash may leave is known exactly.
final class Keeper {
    let data: DataDirectory
    private(set) var model: ModelDirectory
    private(set) var log: WriteAheadLog
    private(set) var numbers: [Int]

    /// What `learn` has acknowledged.
    private(set) var acknowledged: Int

    /// Opens a directory and recovers the model in it, or creates it.
    init(_ fileSystem: any FileSystem, path: String = "/data") throws(StorageError) {
        data = try DataDirectory(path, fileSystem: fileSystem)
        if try data.modelNames() == ["m"] {
            model = data.model("m")
            let newest = try model.checkpoints().last ?? -1
            var numbers = try Self.readCheckpoint(model.checkpointPath(newest), fileSystem)
            let chain = try LogChain(model, after: newest)
            while try chain.next() { chain.withBody { numbers.append($0.count == 8 ? $0.load(as: Int.self) : -1) } }
            log = try chain.continue()
            self.numbers = numbers
        } else {
            let made = try data.makeModel("m")
            try Self.write([], to: made.beginCheckpoint(version: 0)).commit()
            let log = try made.createLog(version: 0)
            model = try data.add(made, "m")
            log.move(to: model.logPath(log.baseVersion))
            self.log = log
            numbers = []
        }
        acknowledged = numbers.count
    }

    func learn() throws(StorageError) {
        var record = LogRecord()
        record.append(numbers.count + 1)
        try log.append(&record, version: numbers.count + 1)
        numbers.append(numbers.count + 1)
        acknowledged = numbers.count
    }

    func checkpoint(keeping kept: Int = 1) throws(StorageError) {
        let writer = try Self.write(numbers, to: model.beginCheckpoint(version: numbers.count))
        let old = log
        if log.version > log.baseVersion { log = try model.createLog(version: numbers.count, after: log) }
        // As in the service, learning continues while the checkpoint is synchronized.
        if old !== log { try learn() }
        try writer.commit()
        try model.prune(before: writer.version, keeping: kept)
    }

    /// Several steps of every kind; skips failures, as the service does.
    func work(_ errors: inout [StorageError]) {
        func attempt(_ body: () throws(StorageError) -> Void) {
            do throws(StorageError) { try body() } catch { errors.append(error) }
        }
        for round in 0..<3 {
            for _ in 0...round { attempt { () throws(StorageError) in try learn() } }
            attempt { () throws(StorageError) in try checkpoint(keeping: round == 1 ? 2 : 1) }
        }
        attempt { () throws(StorageError) in try learn() }
    }

    private static func write(_ numbers: [Int], to writer: CheckpointWriter) throws(StorageError) -> CheckpointWriter {
        for number in numbers + [~numbers.count] {
            var number = number
            // The bytes of a local outlive the call.
            let result = withUnsafeBytes(of: &number) { bytes -> StorageError? in
                do throws(StorageError) { try writer.append(bytes) } catch { return error }
                return nil
            }
            if let result { throw result }
        }
        try writer.flush()
        return writer
    }

    private static func readCheckpoint(_ path: String, _ fileSystem: any FileSystem) throws(StorageError) -> [Int] {
        let file = try File(path, .read, fileSystem: fileSystem)
        var bytes = [UInt8](repeating: 0, count: try file.size())
        let error = bytes.withUnsafeMutableBytes { buffer -> StorageError? in
            do throws(StorageError) { try file.readAll(into: buffer, at: 0) } catch { return error }
            return nil
        }
        if let error { throw error }
        let numbers = bytes.withUnsafeBytes { buffer in
            (0..<(buffer.count / 8)).map { buffer.loadUnaligned(fromByteOffset: 8 * $0, as: Int.self) }
        }
        // A checkpoint with its final name is complete, whatever happened.
        guard let last = numbers.last, ~last == numbers.count - 1 else { return [-1] }
        return numbers.dropLast()
    }
}
