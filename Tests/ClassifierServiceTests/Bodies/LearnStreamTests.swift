import Foundation
internal import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// NDJSON that is learned as it arrives.
@Suite struct LearnStreamTests {
    private static let type = "application/x-ndjson"

    private static func rows(_ count: Int, dimension: Int = 3) -> ([[Double]], [String]) {
        var generator = SeededGenerator(seed: 11)
        let rows = (0..<count).map { _ in (0..<dimension).map { _ in generator.normal() } }
        return (rows, rows.map { $0[0] > 0 ? "right" : "left" })
    }

    private func model(_ configure: (inout ServiceConfiguration) -> Void = { _ in }) throws -> (TestService, ModelClient) {
        let service = try TestService(configure)
        let model = ModelClient(service)
        try model.create(#"{"dimension":3}"#)
        return (service, model)
    }

    private func head(_ model: ModelClient, _ framing: String) -> [UInt8] {
        Array("POST \(model.path)/learn HTTP/1.1\r\nHost: a\r\nContent-Type: \(Self.type)\r\n\(framing)\r\n\r\n".utf8)
    }

    @Test func aLongStreamIsLearnedInBlocks() throws {
        let (service, model) = try model { $0.server.maximumBodySize = 1000 }
        defer { service.service.stop(within: 1) }
        let (rows, labels) = Self.rows(5000)
        let reply = try model.client.send("POST", model.path + "/learn", ArrayBodies.lines(rows, labels), contentType: Self.type)
        #expect(reply.status == 200, "\(reply.text)")
        #expect(reply["rows"].int == 5000)
        #expect(reply["samples"].int == 5000)
        // 1,024 rows per block, and one version per block.
        #expect(reply["version"].int == 5)
        #expect(reply["classes"].int == 2)
        #expect(reply["new_classes"].array?.count == 2)
        #expect((reply["accuracy_before"].double ?? 0) > 0.9)

        var joint = JointSolution(ridge: 0.1)
        joint.learn(rows, labels)
        let snapshot = try EditedSnapshot(model.snapshot().body)
        #expect(joint.relativeDifference(from: snapshot.elements("weight"), labels: snapshot.labels) < 1e-9)
    }

    @Test func theSameBodyMakesTheSameBlocksHoweverItIsCut() throws {
        let (service, first) = try model()
        let (rows, labels) = Self.rows(2500)
        let body = ArrayBodies.lines(rows, labels)
        try first.client.send("POST", first.path + "/learn", body, contentType: Self.type)
        let expected = try first.snapshot().body
        for size in [997, 70_001] {
            let other = ModelClient(service, "m\(size)")
            try other.create(#"{"dimension":3}"#)
            try other.client.write(head(other, "Transfer-Encoding: chunked"))
            for start in stride(from: 0, to: body.count, by: size) {
                let piece = body[start..<min(body.count, start + size)]
                try other.client.write(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10])
            }
            try other.client.write(Array("0\r\n\r\n".utf8))
            #expect(try other.client.readReply().status == 200)
            #expect(try other.snapshot().body == expected)
        }
    }

    private static let badLine = Array("{\"features\":[1,2],\"label\":\"a\"}\n".utf8)

    @Test(arguments: [0, 5, 1024, 2500, 3000]) func allLinesBeforeABadOneAreLearned(_ count: Int) throws {
        let (service, model) = try model()
        defer { service.service.stop(within: 1) }
        let (rows, labels) = Self.rows(count)
        // With and without further lines: the end of the body ends the last block too.
        for (name, rest) in [("m", ArrayBodies.lines([[1, 2, 3]], ["a"])), ("end", [])] {
            let model = ModelClient(service, name)
            try model.create(#"{"dimension":3}"#)
            let body = ArrayBodies.lines(rows, labels) + Self.badLine + rest
            let reply = try model.client.send("POST", model.path + "/learn", body, contentType: Self.type)
            #expect(reply.status == 400)
            #expect(reply["rows_applied"].int == count)
            #expect(reply.problemDetail.contains("line \(count + 1)"))
            #expect(try model.details()["samples"].int == count)
        }
        guard count > 0 else { return }
        var joint = JointSolution(ridge: 0.1)
        joint.learn(rows, labels)
        let snapshot = try EditedSnapshot(model.snapshot().body)
        #expect(joint.relativeDifference(from: snapshot.elements("weight"), labels: snapshot.labels) < 1e-9)
    }

    @Test func underAKeyTheWholeBlocksBeforeABadLineAreLearnedAndTheMendedBodyGoesOn() throws {
        let (service, model) = try model()
        defer { service.service.stop(within: 1) }
        let (rows, labels) = Self.rows(2500)
        let body = ArrayBodies.lines(rows, labels) + Self.badLine
        for _ in 0..<2 {
            let reply = try model.client.send("POST", model.path + "/learn", body, contentType: Self.type, key: "\"k\"")
            #expect(reply.status == 400)
            #expect(reply["rows_applied"].int == 2048)
            #expect(try model.details()["samples"].int == 2048)
        }
        let (more, moreLabels) = Self.rows(2600)
        let mended = try model.client.send(
            "POST", model.path + "/learn", ArrayBodies.lines(more, moreLabels), contentType: Self.type, key: "\"k\"")
        #expect(mended.status == 200 && mended["rows"].int == 2600 && mended["samples"].int == 2600, "\(mended.text)")
    }

    @Test func aStreamThatBreaksOffSaysWhatWasApplied() throws {
        let (service, model) = try model()
        defer { service.service.stop(within: 1) }
        let (rows, labels) = Self.rows(1500)
        try model.client.write(head(model, "Content-Length: 100000000") + ArrayBodies.lines(rows, labels))
        model.client.endSending()
        let reply = try model.client.readReply()
        #expect(reply.status == 400)
        #expect(reply["rows_applied"].int == 1024)
        #expect(try model.details()["samples"].int == 1024)
    }

    @Test func aSlowClientIsToldWhatWasApplied() throws {
        let (service, model) = try model {
            // Enough time for what it does send, and for a block to be learned.
            $0.server.bodyDeadline = 2
            $0.server.minimumBodyRate = 1 << 30
        }
        defer { service.service.stop(within: 1) }
        let (rows, labels) = Self.rows(1500)
        try model.client.write(head(model, "Content-Length: 100000000") + ArrayBodies.lines(rows, labels))
        let reply = try model.client.readReply()
        #expect(reply.status == 408)
        #expect(reply["rows_applied"].int == 1024)
    }

    @Test func aModelDeletedMeanwhileIsNamed() throws {
        let (service, model) = try model()
        let (rows, labels) = Self.rows(1100)
        let body = ArrayBodies.lines(rows, labels)
        try model.client.write(head(model, "Content-Length: \(2 * body.count)") + body)
        let other = ModelClient(service)
        #expect(service.wait { (try? other.details()["samples"].int) == 1024 })
        #expect(try other.delete().status == 204)
        try model.client.write(body)
        let reply = try model.client.readReply()
        #expect(reply.status == 404)
        #expect(reply["rows_applied"].int == 1024)
    }

    @Test func aSlowModelHoldsTheClientBack() throws {
        let service = try TestService()
        let model = ModelClient(service, "wide")
        try model.create(#"{"dimension":8,"feature_map":{"kind":"random_relu","width":1500}}"#)
        let (rows, labels) = Self.rows(12_000, dimension: 8)
        let body = ArrayBodies.lines(rows, labels)
        let ended = Collected<Bool>()
        let waiting = Collected<Int>()
        try onThreads(2) { thread in
            if thread == 0 {
                defer { ended.append(true) }
                let own = ModelClient(service, "wide")
                let reply = try own.client.send("POST", own.path + "/learn", body, contentType: Self.type)
                #expect(reply["rows"].int == 12_000)
            } else {
                while ended.all.isEmpty {
                    waiting.append(service.waitingJobs("wide"))
                    usleep(500)
                }
            }
        }
        // At most one block is with the worker or on its way to it, however many are ready.
        #expect((waiting.all.max() ?? 0) <= 1)
        #expect(try model.details()["samples"].int == 12_000)
    }

    @Test func streamsAreBoundedInNumber() throws {
        let (service, model) = try model()
        let limit = ServiceLimits().learnStreams
        var clients: [TestClient] = []
        for _ in 0..<limit {
            let client = service.client()
            try client.write(head(model, "Content-Length: 1000\r\nExpect: 100-continue"))
            // Content is requested once a body has its place: neither is refused for the other.
            try client.readContinue()
            clients.append(client)
        }
        // No client has disconnected; but a stalled stream gives way to one that waits, and its answer says so.
        let (rows, labels) = Self.rows(2)
        #expect(
            service.wait {
                (try? service.client().send("POST", model.path + "/learn", ArrayBodies.lines(rows, labels), contentType: Self.type).status)
                    == 200
            })
        var told = 0
        for client in clients {
            try client.write([UInt8](repeating: UInt8(ascii: "\n"), count: 1000))
            let reply = try client.readReply()
            #expect([400, 503].contains(reply.status), "\(reply.text)")
            #expect(reply["rows_applied"].int == 0)
            guard reply.status == 503 else { continue }
            #expect(reply.fields["retry-after"] == "1")
            #expect(reply.problemDetail.contains("too slowly"))
            told += 1
        }
        #expect(told >= 1)
    }

    @Test func placesAreTakenAndLeft() throws {
        let streams = LearnStreams(limit: 2, patience: 0)
        let first = try #require(streams.take())
        let second = try #require(streams.take())
        #expect(first != second)
        #expect(streams.take() == nil)
        streams.leave(first)
        streams.leave(first)
        #expect(streams.take() != nil)
        #expect(streams.take() == nil)
    }

    @Test func emptyStreamsAndUnknownModelsAreRefused() throws {
        let (service, model) = try model()
        let empty = try model.client.send("POST", model.path + "/learn", [UInt8](), contentType: Self.type)
        #expect(empty.status == 400)
        let blank = try model.client.send("POST", model.path + "/learn", Array(" \n\n".utf8), contentType: Self.type)
        #expect(blank.status == 400)
        #expect(blank["rows_applied"].int == 0)
        let nobody = try service.client().send("POST", "/v1/models/none/learn", Array("{}\n".utf8), contentType: Self.type)
        #expect(nobody.status == 404)
    }
}
