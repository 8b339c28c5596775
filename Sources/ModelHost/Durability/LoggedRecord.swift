internal import AnalyticLearning
internal import Storage

/// A record of the log.
struct LoggedRecord {
    /// What a record holds.
    enum Content {
        /// The learn requests of one group commit.
        case rows([LearnRecord.Request])
        case change(LoggedChange)
    }

    /// When it was written, in seconds since 1970.
    var time: Int
    var content: Content
    /// The oldest format of logs that may hold it.
    private var oldestFormat: UInt32

    /// The number of its rows.
    var rowCount: Int {
        switch content {
        case .rows(let requests): requests.reduce(0) { $0 + $1.rows }
        case .change: 0
        }
    }

    /// Reads a record's body.
    ///
    /// - Parameter features: receives its rows, if it has any.
    init(_ bytes: UnsafeRawBufferPointer, dimension: Int, features: inout [Double]) throws(RecordFault) {
        var reader = ByteReader(bytes)
        let kind = try RecordStart(&reader, dimension: dimension).kind
        oldestFormat = kind.oldestFormat
        if kind == .rows {
            let (time, requests) = try LearnRecord.decode(bytes, dimension: dimension, features: &features)
            self.time = time
            content = .rows(requests)
        } else {
            let (time, change) = try ChangeRecord.decode(bytes, dimension: dimension)
            self.time = time
            content = .change(change)
        }
    }

    /// Reads the next record of a chain.
    ///
    /// - Returns: nil at the end.
    /// - Throws: `StorageError` that names file and offset.
    static func next(_ chain: LogChain, dimension: Int, features: inout [Double]) throws(StorageError) -> LoggedRecord? {
        guard try chain.next() else { return nil }
        do throws(RecordFault) {
            let record = try chain.withBody { (bytes) throws(RecordFault) in
                try LoggedRecord(bytes, dimension: dimension, features: &features)
            }
            guard record.oldestFormat <= chain.format else {
                throw RecordFault("the record is a change, which logs of format \(chain.format) do not have")
            }
            return record
        } catch {
            throw chain.contentError(error.text)
        }
    }
}

extension LoggedRecord {
    /// Calls `body` with the rows of the first of a record's requests.
    static func withFirst<Failure: Error>(
        _ requests: [LearnRecord.Request], _ features: ArraySlice<Double>, dimension: Int,
        _ body: (UnsafeBufferPointer<Double>) throws(Failure) -> Void
    ) throws(Failure) {
        try features.prefix((requests.first?.rows ?? 0) * dimension).withUnsafeBufferPointer { (rows) throws(Failure) in try body(rows) }
    }
}

extension LogChain {
    /// Lets the first rows after a state choose the scale of its feature map, if it needs one.
    ///
    /// - Parameter features: those of the record read last.
    func chooseScale(
        _ configuration: inout ModelConfiguration, _ requests: [LearnRecord.Request], features: ArraySlice<Double>
    ) throws(StorageError) {
        guard configuration.needsScale else { return }
        var chosen = configuration
        try checkScale { () throws(ScaleError) in
            try LoggedRecord.withFirst(requests, features, dimension: chosen.dimension) { (rows) throws(ScaleError) in
                try chosen.chooseScale(for: rows)
            }
        }
        configuration = chosen
    }

    /// Throws an error with the place of the last record read if its rows give no scale.
    func checkScale(_ body: () throws(ScaleError) -> Void) throws(StorageError) {
        do throws(ScaleError) { try body() } catch { throw contentError("the record's rows cannot have been learned: \(error)") }
    }

    /// Throws an error with the place of the last record read if it is a change that cannot follow this state.
    func check(_ change: LoggedChange, _ registry: ClassRegistry, _ configuration: ModelConfiguration) throws(StorageError) {
        do throws(RecordFault) { try change.check(registry, configuration) } catch { throw contentError(error.text) }
    }
}
