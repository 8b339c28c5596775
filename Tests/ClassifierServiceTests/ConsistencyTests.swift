import Concurrency
import Foundation
import TensorFormats
import Testing

@testable import ClassifierService

/// Readers see complete states only.
///
/// Every learn request is the identity matrix with a label for each row, so after n of them the score of class i for the row of ones is
/// n/(n+λ), for every class. The answers to writers say how many samples each version has. An answer with other scores than n/(n+λ) for
/// its version's n mixes two states.
@Suite struct ConsistencyTests {
    private static let classes = 24
    /// Large, so that the scores of neighbouring states differ by more than the rounding of Float32.
    private static let ridge = 5000.0
    private static let identity = (0..<classes).map { row in (0..<classes).map { $0 == row ? 1.0 : 0 } }
    private static let labels = (0..<classes).map { "c\($0)" }

    @Test func manyReadersSeeNoTornState() throws {
        let service = try TestService()
        let first = ModelClient(service)
        try first.create(#"{"dimension":\#(Self.classes),"ridge":\#(Self.ridge)}"#)
        let published = Collected<(version: Int, samples: Int)>()
        let answers = Collected<[Int: [UInt8]]>()
        let snapshots = Collected<[UInt8]>()
        published.append((1, try first.learn(Self.identity, Self.labels)["samples"].int ?? 0))
        let done = Flag()
        let seen = Guarded<Set<Int>>([])
        let (readers, writers) = (32, 3)

        try onThreads(readers + writers + 2) { thread in
            let model = ModelClient(service)
            switch thread {
            case 0..<readers:
                // Some readers ask on an event loop, the others, with many rows, on a compute thread.
                let rows = thread % 8 == 7 ? 4000 : 1
                let body = Bodies.predict(
                    [[Double]](repeating: [Double](repeating: 1, count: Self.classes), count: rows), top: Self.classes)
                var bodies: [Int: [UInt8]] = [:]
                var last = 0
                while !done.isRaised {
                    let reply = try model.client.send("POST", model.path + "/predict", rows == 1 ? body : Self.compact(rows))
                    try #require(reply.status == 200, "\(reply.text)")
                    let version = try #require(Self.version(reply.body))
                    #expect(version >= last, "versions never decrease")
                    last = version
                    if rows == 1 {
                        if let other = bodies[version] {
                            #expect(reply.body == other, "two answers of version \(version)")
                        } else {
                            seen.withLock { _ = $0.insert(version) }
                        }
                        bodies[version] = reply.body
                    } else {
                        try Self.expectAlike(reply.body, rows)
                    }
                }
                answers.append(bodies)
            case readers..<(readers + writers):
                while !done.isRaised {
                    let reply = try model.learn(Self.identity, Self.labels)
                    try #require(reply.status == 200, "\(reply.text)")
                    published.append((reply["version"].int ?? -1, reply["samples"].int ?? -1))
                }
            case readers + writers:
                while !done.isRaised {
                    let file = try model.snapshot()
                    try #require(file.status == 200)
                    snapshots.append(file.body)
                    let reply = try model.restore(file.body)
                    try #require(reply.status == 200, "\(reply.text)")
                    published.append((reply["version"].int ?? -1, reply["samples"].int ?? -1))
                }
            default:
                // Eight seconds suffice; on a busy machine, or under the thread sanitizer, until enough has happened.
                for second in 0..<3000 where second < 8 || seen.withLock({ $0.count }) < 20 || snapshots.all.count < 3 { sleep(1) }
                done.raise()
            }
        }

        // Requests of one block share its version; the last one has its samples.
        let samples = Dictionary(published.all, uniquingKeysWith: max)
        var merged: [Int: [UInt8]] = [:]
        for bodies in answers.all {
            for (version, body) in bodies {
                if let other = merged[version] { #expect(body == other, "two answers of version \(version)") }
                merged[version] = body
            }
        }
        #expect(merged.count >= 20 && snapshots.all.count >= 3, "too little happened to tell anything")
        for (version, body) in merged {
            let count = try #require(samples[version], "version \(version) was never published")
            let entries = Reply(status: 200, fields: [:], body: body)["predictions"][0]["top"].array ?? []
            #expect(Set(entries.compactMap { $0["label"].string }) == Set(Self.labels))
            let score = Self.score(samples: count)
            for entry in entries {
                #expect(abs((entry["score"].double ?? .nan) - score) < 2e-7, "version \(version): \(entry), expected \(score)")
            }
        }
        for file in snapshots.all {
            let snapshot = try EditedSnapshot(file)
            let (version, count) = (Int(snapshot.metadataValue("version") ?? "") ?? -1, Int(snapshot.metadataValue("samples") ?? "") ?? -1)
            #expect(samples[version] == count)
            let score = Self.score(samples: count)
            for (index, weight) in snapshot.elements("weight", as: Double.self).enumerated() {
                #expect(abs(weight - (index % (Self.classes + 1) == 0 ? score : 0)) < 1e-12)
            }
        }
    }

    /// n/(n+λ), if each class has learned n rows.
    private static func score(samples: Int) -> Double {
        let n = Double(samples / classes)
        return n / (n + ridge)
    }

    /// A request of many rows of ones, short to send and to answer.
    private static func compact(_ rows: Int) -> [UInt8] {
        let row = "[" + [String](repeating: "1", count: classes).joined(separator: ",") + "]"
        return Array((#"{"features":["# + [String](repeating: row, count: rows).joined(separator: ",") + "]}").utf8)
    }

    /// The version in an answer, without parsing the rest.
    private static func version(_ body: [UInt8]) -> Int? {
        let marker = Array(#""version":"#.utf8)
        guard let start = body.firstRange(of: marker)?.upperBound else { return nil }
        return Int(String(decoding: body[start...].prefix { $0 >= 48 && $0 <= 57 }, as: UTF8.self))
    }

    /// All rows were the same, so all predictions must be.
    private static func expectAlike(_ body: [UInt8], _ rows: Int) throws {
        let open = try #require(body.firstIndex(of: UInt8(ascii: "[")))
        let predictions = body[(open + 1)...].dropLast(2)
        let length = try #require(predictions.firstIndex(of: UInt8(ascii: "}"))) + 1 - predictions.startIndex
        #expect(predictions.count == rows * (length + 1) - 1)
        let first = predictions.prefix(length)
        for start in stride(from: predictions.startIndex, to: predictions.endIndex, by: (length + 1) * 97) {
            #expect(predictions[start..<min(start + length, predictions.endIndex)].elementsEqual(first))
        }
    }
}
