import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// The ways in which a snapshot may arrive, and fail to arrive.
@Suite struct SnapshotUploadTests {
    /// A model that has learned some rows.
    private func learned(_ service: TestService) throws -> ModelClient {
        let model = ModelClient(service)
        #expect(try model.create(#"{"dimension":5}"#).status == 201)
        var generator = SeededGenerator(seed: 3)
        let rows = (0..<20).map { _ in (0..<5).map { _ in generator.normal() } }
        #expect(try model.learn(rows, rows.indices.map { "c\($0 % 3)" }).status == 200)
        return model
    }

    @Test func uploadInOnePieceAHundredTimes() throws {
        let service = try TestService()
        let model = try learned(service)
        let file = try model.snapshot().body
        for round in 0..<100 {
            let reply = try model.restore(file)
            #expect(reply.status == 200 && reply["samples"].int == 20, "round \(round): \(reply.text)")
        }
    }

    /// The end of the body must not overtake its last piece on the way to the file.
    @Test func uploadWhoseLastPieceComesWithTheEndAHundredTimes() throws {
        let service = try TestService()
        let model = try learned(service)
        let file = try model.snapshot().body
        for round in 0..<100 {
            let cut = file.count - 1 - round * 7 % (file.count - 1)
            let chunked = try model.client.sendChunked("PUT", model.path + "/snapshot", [file[..<cut], file[cut...]])
            #expect(chunked.status == 200, "round \(round): \(chunked.text)")
            // The same by length: the head and the first part, then the rest.
            let client = service.client()
            let head = "PUT \(model.path)/snapshot HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(file.count)\r\n\r\n"
            try client.write(Array(head.utf8) + file[..<cut])
            try client.write(Array(file[cut...]))
            let reply = try client.readReply()
            #expect(reply.status == 200, "round \(round): \(reply.text)")
        }
    }

    @Test(arguments: [1, 2, 7, 100]) func uploadInPieces(_ size: Int) throws {
        let service = try TestService()
        let model = try learned(service)
        let file = try model.snapshot().body
        for _ in 0..<(size == 1 ? 3 : 10) {
            let pieces = stride(from: 0, to: file.count, by: size).map { file[$0..<min($0 + size, file.count)] }
            let reply = try model.client.sendChunked("PUT", model.path + "/snapshot", pieces)
            #expect(reply.status == 200, "\(reply.text)")
        }
        #expect(try model.details()["samples"].int == 20)
    }

    @Test func largeSnapshotPassesThroughAFile() throws {
        let spool = try SpoolDirectory()
        let service = try TestService { $0.host.spoolDirectory = spool.path }
        let model = ModelClient(service)
        try model.create(#"{"dimension":600}"#)
        var generator = SeededGenerator(seed: 1)
        let rows = (0..<40).map { _ in (0..<600).map { _ in Double.random(in: -1...1, using: &generator) } }
        try model.learn(rows, rows.indices.map { "c\($0 % 4)" })
        let file = try model.snapshot().body
        #expect(file.count > 600 * 601 * 4)
        for (name, status) in [("copy", 201), ("copy", 200), ("m", 200)] {
            let copy = ModelClient(service, name)
            let reply = try copy.restore(file)
            #expect(reply.status == status, "\(reply.text)")
            #expect(try copy.snapshot("?parts=weights").body.count > 600 * 4 * 8)
        }
        #expect(spool.isUnused(service))
    }

    @Test func clientThatWaitsForContinueIsTold() throws {
        let service = try TestService()
        let model = try learned(service)
        let file = try model.snapshot().body
        let client = service.client()
        let head = "PUT \(model.path)/snapshot HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(file.count)\r\nExpect: 100-continue\r\n\r\n"
        try client.write(Array(head.utf8))
        try client.readContinue()
        try client.write(file)
        #expect(try client.readReply().status == 200)
    }

    @Test func clientsThatDisconnectWhileUploadingLeaveNothingBehind() throws {
        let spool = try SpoolDirectory()
        let service = try TestService { $0.host.spoolDirectory = spool.path }
        let model = try learned(service)
        let file = try model.snapshot().body
        let before = try model.state(probe: [1, 2, 3, 4, 5])
        let reserved = service.reservedBytes
        for round in 0..<40 {
            let client = service.client()
            let target = round % 2 == 0 ? "m" : "new"
            let framing = round % 4 < 2 ? "Content-Length: \(file.count)" : "Transfer-Encoding: chunked"
            try client.write(Array("PUT /v1/models/\(target)/snapshot HTTP/1.1\r\nHost: localhost\r\n\(framing)\r\n\r\n".utf8))
            let part = Array(file[..<(round * (file.count - 1) / 40)])
            if framing.hasPrefix("T"), !part.isEmpty { try client.write(Array("\(String(part.count, radix: 16))\r\n".utf8)) }
            try client.write(part)
            client.disconnect(byReset: round % 3 == 0)
        }
        #expect(spool.isUnused(service), "temporary files stay open")
        #expect(service.wait { service.openConnections == 1 })
        #expect(try model.state(probe: [1, 2, 3, 4, 5]) == before)
        #expect(service.modelNames == ["m"])
        #expect(service.reservedBytes == reserved)
    }

    @Test func clientsThatDisconnectWhileDownloadingLeaveNothingBehind() throws {
        let spool = try SpoolDirectory()
        let service = try TestService { $0.host.spoolDirectory = spool.path }
        let model = ModelClient(service)
        try model.create(#"{"dimension":800}"#)
        for round in 0..<6 {
            let client = service.client()
            try client.begin("GET", model.path + "/snapshot")
            usleep(5000)
            client.disconnect(byReset: round % 2 == 0)
        }
        #expect(spool.isUnused(service), "temporary files stay open")
        #expect(try model.snapshot().status == 200)
    }

    @Test func snapshotsShareTheDiskThatTheyMayTake() throws {
        let spool = try SpoolDirectory()
        let service = try TestService {
            $0.host.spoolDirectory = spool.path
            $0.host.maximumSpool = 12 << 20
        }
        let model = ModelClient(service)
        try model.create(#"{"dimension":1400}"#)
        try model.learn([[Double](repeating: 1, count: 1400)], ["a"])
        let file = try model.snapshot().body
        #expect(file.count > 7 << 20)
        #expect(service.wait { service.spooledBytes == 0 })
        // A client that does not read holds its file.
        let slow = service.client()
        try slow.connect(receiveBuffer: 4096)
        try slow.begin("GET", model.path + "/snapshot")
        #expect(service.wait { service.spooledBytes > 0 })
        let refused = try model.snapshot()
        #expect(refused.status == 503 && refused.fields["retry-after"] == "1", "\(refused.text)")
        // Uploads have their own share.
        #expect(try model.restore(file).status == 200)
        #expect(service.wait { service.spooledBytes == file.count })
        let upload = service.client()
        let head = "PUT /v1/models/copy/snapshot HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(file.count)\r\n\r\n"
        try upload.write(Array(head.utf8) + file[..<(file.count - 1)])
        #expect(service.wait { service.spooledBytes == 2 * file.count - 1 })
        let other = try model.restore(file)
        #expect(other.status == 503 && other.fields["retry-after"] == "1", "\(other.text)")
        upload.disconnect(byReset: true)
        #expect(service.wait { service.spooledBytes == file.count })
        #expect(try model.client.send("HEAD", model.path + "/snapshot").fields["content-length"] == "\(file.count)")
        #expect(try model.snapshot("?parts=weights").status == 200)
        slow.disconnect(byReset: true)
        #expect(service.wait { service.spooledBytes == 0 })
        #expect(try model.restore(file).status == 200)
        #expect(service.wait { service.spooledBytes == 0 })
        #expect(spool.isUnused(service))
    }

    @Test func snapshotsThatAreStreamedAreBoundedInNumber() throws {
        let service = try TestService()
        let model = try learned(service)
        let limit = HostConfiguration().maximumSpoolFiles / 2
        var clients: [TestClient] = []
        for _ in 0..<limit {
            let client = service.client()
            try client.write(Array("PUT \(model.path)/snapshot HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n".utf8))
            clients.append(client)
        }
        // All have a place before another one asks.
        try #require(service.wait { service.spooledFiles == limit })
        let file = try model.snapshot().body
        for (method, path) in [("PUT", model.path + "/snapshot"), ("PUT", "/v1/models/new/snapshot"), ("POST", model.path + "/merge")] {
            let refused = try service.client().send(method, path, file, contentType: Operation.snapshotType.description)
            #expect(refused.status == 503 && refused.fields["retry-after"] == "1", "\(method) \(path): \(refused.text)")
        }
        #expect(try model.client.send("HEAD", model.path + "/snapshot").status == 200)
        for client in clients { client.disconnect() }
        #expect(service.wait { service.spooledFiles == 0 })
        #expect(try model.restore(file).status == 200)
    }

    /// Unread downloads take no share of uploads, and lose their own if others wait.
    @Test func unreadDownloadsStopNoWriterAndGiveWay() throws {
        let service = try TestService { $0.host.snapshotPatience = 0.2 }
        let model = ModelClient(service)
        // More than the kernel buffers for a client that does not read.
        try model.create(#"{"dimension":1100}"#)
        try model.learn([[Double](repeating: 1, count: 1100)], ["a"])
        let file = try model.snapshot().body
        #expect(service.wait { service.spooledFiles == 0 })
        let limit = HostConfiguration().maximumSpoolFiles / 2
        var slow: [TestClient] = []
        for _ in 0..<limit {
            let client = service.client()
            try client.connect(receiveBuffer: 4096)
            try client.begin("GET", model.path + "/snapshot")
            slow.append(client)
        }
        try #require(service.wait { service.spooledFiles == limit })
        #expect(try model.restore(file).status == 200)
        #expect(try ModelClient(service, "copy").restore(file).status == 201)
        let merged = try model.client.send("POST", model.path + "/merge", file, contentType: Operation.snapshotType.description)
        #expect(merged.status == 200, "\(merged.text)")
        #expect(try model.learn([[Double](repeating: 1, count: 1100)], ["b"]).status == 200)
        // A further request finds a place sooner or later, since the others stand still.
        var asked = 0
        #expect(
            service.wait {
                asked += 1
                return (try? service.client().send("GET", model.path + "/snapshot").status) == 200
            })
        #expect(asked > 1 || service.spooledFiles < limit)
        #expect(throws: TestClient.Failure.self) { while true { _ = try slow[0].readReply() } }
        for client in slow { client.disconnect() }
        #expect(service.wait { service.spooledFiles == 0 && service.spooledBytes == 0 })
    }

    @Test func snapshotThatNeverFitsTheDiskIsNotToBeTriedAgain() throws {
        let service = try TestService { $0.host.maximumSpool = 1000 }
        let model = try learned(service)
        let reply = try model.snapshot()
        #expect(reply.status == 507 && reply.fields["retry-after"] == nil)
        #expect(reply.problemDetail.contains("--max-spool"))
        #expect(try model.restore([UInt8](repeating: 0, count: 1001)).status == 413)
    }

    @Test func oneOfManyUploadsCreates() throws {
        let service = try TestService()
        let file = try learned(service).snapshot().body
        let statuses = Collected<Int>()
        let gate = Gate(12)
        try onThreads(12) { _ in
            let copy = ModelClient(service, "copy")
            try copy.client.connect()
            gate.pass()
            statuses.append(try copy.restore(file).status)
        }
        #expect(statuses.all.sorted() == [Int](repeating: 200, count: 11) + [201])
    }
}
