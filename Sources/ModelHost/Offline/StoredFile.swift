internal import Foundation
internal import Storage
internal import TensorFormats

/// A description of a snapshot, checkpoint or log.
public struct StoredFile: Sendable {
    /// Names and values, in display order.
    public private(set) var facts: [(name: String, value: String)] = []
    /// A log's records.
    public private(set) var records: [Record] = []
    /// A snapshot's tensors: name, element type and shape.
    public private(set) var tensors: [(name: String, type: String, shape: [Int])] = []

    /// A record of a log.
    public struct Record: Sendable {
        /// Its offset in the file.
        public var offset: Int
        /// The version it leads to.
        public var version: Int
        /// The number of its requests, or blocks of streamed ones.
        public var requests: Int
        /// The number of their rows.
        public var rows: Int
        /// The kind of its change, as events name it; nil for learned rows.
        public var change: String?
    }

    /// Reads a file and verifies its checksums.
    ///
    /// - Throws: `StorageError`, or `DamagedState` with the reason.
    public init(_ path: String) throws {
        let file = try File(path)
        let size = try file.size()
        facts.append(("file", path))
        facts.append(("bytes", "\(size)"))
        var start = [UInt8](repeating: 0, count: 8)
        let count = try start.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        if start.prefix(count).elementsEqual("ACCRUWAL".utf8) {
            try readLog(path)
        } else {
            do {
                let snapshot = try SnapshotFile(isCheckpoint: true) { () throws(StorageError) in try file.map(count: size) }
                try describe(snapshot)
            } catch let error as ModelError {
                throw DamagedState(path: path, reason: error.detail)
            }
        }
    }

    private mutating func describe(_ snapshot: SnapshotFile) throws {
        let metadata = snapshot.metadata
        facts.append(("kind", "snapshot, format \(SnapshotMetadata.format); all checksums match"))
        facts.append(("version", "\(metadata.version)"))
        facts.append(("samples", "\(metadata.samples)"))
        facts.append(("classes", "\(metadata.labels.count)"))
        facts.append(("configuration", ConfigurationJSON.encode(metadata.configuration).description))
        if let version = metadata.balancedVersion { facts.append(("balanced version", "\(version)")) }
        if let erasure = metadata.erasure { facts.append(("without rows of files before version", "\(erasure.version)")) }
        let keys = try snapshot.withReader { reader -> Int? in
            for tensor in reader.tensors { tensors.append((tensor.name, tensor.type.rawValue, tensor.shape)) }
            guard let tensor = reader.tensor(named: SnapshotFile.tableName) else { return nil }
            return IdempotencyTable(reader.bytes(of: tensor), model: "")?.entries.count
        }
        if let keys { facts.append(("idempotency keys", "\(keys)")) }
    }

    private mutating func readLog(_ path: String) throws {
        let reader = try LogReader(path)
        facts.append(("kind", "log, format \(reader.format), from version \(reader.baseVersion)"))
        var rows = 0
        var offset = reader.offset
        var features: [Double] = []
        while try reader.next() {
            let record = reader.withBody { body -> Record? in
                // The dimension follows kind, count and time.
                guard body.count >= 24 else { return nil }
                let dimension = Int(UInt32(littleEndian: body.loadUnaligned(fromByteOffset: 16, as: UInt32.self)))
                features.removeAll(keepingCapacity: true)
                guard let content = try? LoggedRecord(body, dimension: dimension, features: &features) else { return nil }
                var record = Record(offset: offset, version: reader.version, requests: 1, rows: content.rowCount)
                switch content.content {
                case .rows(let requests): record.requests = requests.count
                case .change(let change): record.change = "\(change.kind.name)"
                }
                return record
            }
            guard let record else {
                throw DamagedState(path: path, reason: "the record at offset \(offset) is neither a group of requests nor a change")
            }
            records.append(record)
            rows += record.rows
            offset = reader.offset
        }
        facts.append(("records", "\(reader.recordCount)"))
        facts.append(("rows", "\(rows)"))
        facts.append(("leads to version", "\(reader.version)"))
        facts.append(("bytes after the last complete record", "\(reader.tornBytes)"))
        if let torn = reader.tornEnd { facts.append(("may have been acknowledged", torn.mayHaveBeenAcknowledged ? "unknown" : "no")) }
    }
}
