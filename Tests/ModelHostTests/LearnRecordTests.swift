import TensorFormats
import Testing

@testable import ModelHost
@testable import Storage

/// The cost of reading a log's record.
@Suite struct LearnRecordTests {
    private func record(requests: Int, rows: Int, dimension: Int) throws -> [UInt8] {
        let requests = (0..<requests).map { request in
            LearnRows(
                features: (0..<(rows * dimension)).map { Double($0 + request) }, labels: PackedStrings((0..<rows).map { "c\($0)" }),
                dimension: dimension)
        }
        var record = LogRecord()
        LearnRecord.encode(requests, time: 1, to: &record)
        return Array(record.bytes[LogFormat.headerSize...])
    }

    /// Records are gathered in one array before their rows are learned; it must not move at each request or record.
    @Test(arguments: [(requests: 1, records: 3000), (requests: 3000, records: 1)])
    func gatheringRequests_movesTheRowsSeldom(requests: Int, records: Int) throws {
        let body = try record(requests: requests, rows: 2, dimension: 8)
        var features: [Double] = []
        var moves = 0
        try body.withUnsafeBytes { bytes in
            for _ in 0..<records {
                let capacity = features.capacity
                let (time, found) = try LearnRecord.decode(bytes, dimension: 8, features: &features)
                #expect(time == 1 && found.count == requests)
                if features.capacity != capacity { moves += 1 }
            }
        }
        #expect(features.count == 3000 * 16 && features[16 * (requests - 1)] == Double(requests - 1))
        #expect(moves < 20)
        // The spare capacity shows how decoding reserved: grown to the last value, it would be exact.
        if requests > 1 { #expect(features.capacity > features.count + 16) }
    }
}
