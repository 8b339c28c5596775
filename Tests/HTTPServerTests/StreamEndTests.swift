import Concurrency
import Foundation
import Testing

@testable import HTTPServer

/// A stream's producer learns that its client has gone, however it goes.
@Suite struct StreamEndTests {
    private final class Streams: Sendable {
        private let list = Guarded<[StreamBody]>([])
        private let notices = Guarded(0)

        var all: [StreamBody] { list.withLock { $0 } }
        var noticeCount: Int { notices.withLock { $0 } }

        func make(endsWithClient: Bool) -> StreamBody {
            let stream = StreamBody(endsWithClient: endsWithClient) { [notices] in notices.withLock { $0 += 1 } }
            list.withLock { $0.append(stream) }
            return stream
        }
    }

    private func start(_ streams: Streams, endsWithClient: Bool = true) throws -> RunningServer {
        var router = Router()
        router.on(.get, "/events") { _, responder in
            responder.send(Response(.ok, contentType: "text/plain", body: .stream(streams.make(endsWithClient: endsWithClient))))
        }
        let waiting = SharedList<DeferredResponder>()
        router.on(.get, "/never") { _, responder in waiting.append(responder.deferred()) }
        return try RunningServer(router)
    }

    private static let request = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n"

    private func expectEnd(_ streams: Streams, _ server: RunningServer) {
        #expect(RunningServer.eventually { streams.noticeCount == 1 && server.server.statistics.requestsInFlight == 0 })
        #expect(streams.all.allSatisfy { $0.isClosed })
        #expect(streams.all.first?.write([65]) == .closed)
    }

    @Test func byClosingItsSendingSide() throws {
        let streams = Streams()
        let server = try start(streams)
        let client = try server.connect()
        client.send(Self.request)
        #expect(client.readOnce(within: 120))
        #expect(streams.all.count == 1 && streams.noticeCount == 0)
        client.closeSending()
        expectEnd(streams, server)
    }

    @Test func byClosingItsSendingSideWithTheRequest() throws {
        let streams = Streams()
        let server = try start(streams)
        let client = try server.connect()
        client.send(Self.request)
        client.closeSending()
        expectEnd(streams, server)
    }

    @Test func byAReset() throws {
        let streams = Streams()
        let server = try start(streams)
        let client = try server.connect()
        client.send(Self.request)
        #expect(client.readOnce(within: 120))
        client.reset()
        expectEnd(streams, server)
    }

    @Test func whileItsAnswerWaitsBehindAnother() throws {
        let streams = Streams()
        let server = try start(streams)
        let client = try server.connect()
        client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n" + Self.request)
        try #require(RunningServer.eventually { streams.all.count == 1 })
        client.reset()
        expectEnd(streams, server)
    }

    @Test func byAskingForTheHeadOnly() throws {
        let streams = Streams()
        let server = try start(streams)
        let client = try server.connect()
        _ = try client.exchange("HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n", method: "HEAD")
        expectEnd(streams, server)
    }

    @Test func aFinishedStreamSaysNothing() throws {
        let streams = Streams()
        let server = try start(streams)
        let client = try server.connect()
        client.send(Self.request)
        try #require(RunningServer.eventually { streams.all.count == 1 })
        _ = streams.all[0].write([65])
        streams.all[0].finish()
        #expect(try client.response().text == "A")
        #expect(RunningServer.eventually { server.server.statistics.requestsInFlight == 0 })
        #expect(streams.noticeCount == 0)
        // The connection is still usable.
        client.send(Self.request)
        try #require(RunningServer.eventually { streams.all.count == 2 })
        streams.all[1].finish()
        #expect(try client.response().text == "")
    }

    @Test func otherStreamsOutliveTheClientsSendingSide() throws {
        let streams = Streams()
        let server = try start(streams, endsWithClient: false)
        let client = try server.connect()
        client.send(Self.request)
        client.closeSending()
        try #require(RunningServer.eventually { streams.all.count == 1 })
        _ = streams.all[0].write([65])
        streams.all[0].finish()
        #expect(try client.response().text == "A")
        #expect(streams.noticeCount == 0)
    }
}
