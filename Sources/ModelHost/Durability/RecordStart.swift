internal import Storage

/// The first bytes of every log record's body: its kind (4), the number of requests (4), the time in seconds since 1970 (8), the model's
/// dimension (4) and zeros (4); all numbers little-endian.
struct RecordStart {
    /// What a record holds.
    ///
    /// `imbalance` is no longer written: `settings` says more.
    enum Kind: UInt32 {
        case rows = 1, classRenamed, classDeleted, imbalance, settings, classesJoined

        /// The oldest format of logs with such records; programs that know only older formats refuse these logs.
        var oldestFormat: UInt32 {
            switch self {
            case .rows: 1
            case .classRenamed, .classDeleted, .imbalance: 2
            case .settings: 3
            case .classesJoined: 4
            }
        }
    }

    var kind: Kind
    var requests: Int
    /// When the requests were logged, in seconds since 1970.
    var time: Int

    init(kind: Kind, requests: Int, time: Int) {
        self.kind = kind
        self.requests = requests
        self.time = time
    }

    /// Reads the start of a record of a model.
    init(_ reader: inout ByteReader, dimension: Int) throws(RecordFault) {
        guard let number = reader.integer(UInt32.self), let requests = reader.integer(UInt32.self), let time = reader.integer(Int64.self),
            let width = reader.integer(UInt32.self), reader.integer(UInt32.self) != nil
        else { throw RecordFault("the record is too short") }
        guard let kind = Kind(rawValue: number) else { throw RecordFault("the record is of the unknown kind \(number)") }
        guard RequestIdentity.times.contains(time) else {
            throw RecordFault("the record's time is \(time) seconds since 1970, which is out of range")
        }
        guard Int(width) == dimension else { throw RecordFault("the record's rows have \(width) values, the model's \(dimension)") }
        self.init(kind: kind, requests: Int(requests), time: Int(time))
    }

    func append(dimension: Int, to record: inout LogRecord) {
        record.append(kind.rawValue)
        record.append(UInt32(requests))
        record.append(Int64(time))
        record.append(UInt32(dimension))
        record.append(UInt32(0))
    }
}
