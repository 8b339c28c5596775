internal import AnalyticLearning
internal import Storage
internal import TensorFormats

/// The content of a log record: the learn requests of one group commit, in order; all numbers little-endian.
///
/// The record begins with a `RecordStart`. Each request begins at a multiple of 8 bytes: rows (4), scalar (1: 0 is Float64, 1 Float32),
/// zeros (1), the key's length (2; 0: no key), the block's number (4), the labels' bytes (4), the hash (8), the key, each label's length
/// (2), the labels, zeros up to a multiple of 8, the features.
enum LearnRecord {
    /// A logged request.
    struct Request {
        var rows: Int
        var identity: RequestIdentity?
        var labels: PackedStrings
    }

    /// Writes a record's body.
    static func encode(_ requests: [LearnRows], time: Int, to record: inout LogRecord) {
        record.removeAll()
        record.reserve(requests.reduce(64) { $0 + $1.bytes + 512 })
        RecordStart(kind: .rows, requests: requests.count, time: time).append(dimension: requests[0].dimension, to: &record)
        for request in requests {
            // Most features come as Float32, which stores them without loss.
            let isSingle = request.features.allSatisfy { Double(Float($0)).bitPattern == $0.bitPattern }
            var key = request.identity?.key.text ?? ""
            record.append(UInt32(request.count))
            record.append(UInt8(isSingle ? 1 : 0))
            record.append(UInt8(0))
            record.append(UInt16(key.utf8.count))
            record.append(UInt32(request.identity?.block ?? 0))
            record.append(UInt32(request.labels.byteCount))
            record.append(request.identity?.hash ?? 0)
            key.withUTF8 { record.append(UnsafeRawBufferPointer($0)) }
            request.labels.lengths.withUnsafeBytes { record.append($0) }
            request.labels.withUnsafeBytes { record.append($0) }
            record.align()
            if isSingle { appendSingle(request.features, to: &record) } else { request.features.withUnsafeBytes { record.append($0) } }
            record.align()
        }
    }

    private static func appendSingle(_ features: [Double], to record: inout LogRecord) {
        let piece = 1024
        withUnsafeTemporaryAllocation(of: Float.self, capacity: piece) { buffer in
            for start in stride(from: 0, to: features.count, by: piece) {
                let count = min(piece, features.count - start)
                for index in 0..<count { buffer[index] = Float(features[start + index]) }
                record.append(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: buffer[..<count])))
            }
        }
    }

    /// Reads the body of a record of rows.
    ///
    /// - Parameter features: receives the rows of all requests.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, dimension: Int, features: inout [Double]
    ) throws(RecordFault) -> (time: Int, requests: [Request]) {
        var reader = ByteReader(bytes)
        let start = try RecordStart(&reader, dimension: dimension)
        guard start.kind == .rows else { throw RecordFault("the record is of the kind \(start.kind.rawValue), which has no rows") }
        var requests: [Request] = []
        for index in 0..<start.requests {
            guard let request = decodeRequest(&reader, dimension: dimension, features: &features) else {
                throw RecordFault("request \(index) of the record does not match its lengths, or has values out of range")
            }
            requests.append(request)
        }
        guard reader.isAtEnd else { throw RecordFault("the record continues after its last request") }
        return (start.time, requests)
    }

    private static func decodeRequest(_ reader: inout ByteReader, dimension: Int, features: inout [Double]) -> Request? {
        guard let rows = reader.integer(UInt32.self), let scalar = reader.integer(UInt8.self), reader.integer(UInt8.self) == 0,
            let keyLength = reader.integer(UInt16.self), let block = reader.integer(UInt32.self),
            let labelBytes = reader.integer(UInt32.self), let hash = reader.integer(UInt64.self), let key = reader.text(Int(keyLength)),
            scalar <= 1, rows > 0
        else { return nil }
        var identity: RequestIdentity?
        if keyLength > 0 {
            guard let key = IdempotencyKey(key) else { return nil }
            identity = RequestIdentity(key: key, block: Int(block), hash: hash)
        }
        guard let lengths = reader.take(2 * Int(rows)), var text = reader.take(Int(labelBytes)), reader.align() else { return nil }
        var labels = PackedStrings()
        labels.reserveAppending(Int(rows), byteCount: Int(labelBytes))
        for row in 0..<Int(rows) {
            let length = Int(UInt16(littleEndian: lengths.loadUnaligned(fromByteOffset: 2 * row, as: UInt16.self)))
            guard (1...Label.maximumBytes).contains(length), length <= text.count else { return nil }
            let label = UnsafeRawBufferPointer(rebasing: text[..<length])
            guard String(validating: label, as: UTF8.self) != nil else { return nil }
            labels.append(utf8: label)
            text = UnsafeRawBufferPointer(rebasing: text[length...])
        }
        let (values, overflow) = Int(rows).multipliedReportingOverflow(by: dimension)
        guard text.isEmpty, !overflow, values <= .max / 8, let data = reader.take(values * (scalar == 1 ? 4 : 8)), reader.align() else {
            return nil
        }
        let first = features.count
        features.reserveAppending(values)
        if scalar == 1 {
            for index in 0..<values { features.append(Double(data.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))) }
        } else {
            for index in 0..<values { features.append(data.loadUnaligned(fromByteOffset: 8 * index, as: Double.self)) }
        }
        guard features[first...].allSatisfy({ abs($0) <= FeatureLimits.largestMagnitude }) else { return nil }
        return Request(rows: Int(rows), identity: identity, labels: labels)
    }
}
