import HTTPServer
import ModelHost
import Testing

@testable import ClassifierService

/// Who hands events to their readers.
@Suite struct EventDispatcherTests {
    @Test func anEventStandsInTheStreamWithItsNumberAndItsKind() {
        let frame = EventFrame.encode(.changed(version: 3, .merged), id: 7)
        #expect(String(decoding: frame, as: UTF8.self) == "id: 7\nevent: changed\ndata: {\"version\":3,\"change\":\"merged\"}\n\n")
    }

    @Test func commentsComeWhileNothingHappens() throws {
        let dispatcher = EventDispatcher(maximumReaders: 1, keepAlive: 0.01)
        let hub = EventHub { dispatcher.schedule($0) }
        var router = Router()
        router.on(.get, "/") { _, responder in
            let stream = try? dispatcher.open(hub, after: nil) { Array("{}".utf8) }
            responder.send(Response(.ok, contentType: "text/event-stream", body: stream.map { .stream($0) } ?? .empty))
        }
        var configuration = ServerConfiguration()
        configuration.port = 0
        let server = try Server(configuration: configuration, router: router)
        let events = try EventStream(TestClient(port: try server.start().port), "/")
        #expect(try events.next()?.kind == "state")
        while events.comments < 3 {
            // Comments are no events: one comes now and then so that `next` returns.
            hub.publish(.changed(version: 1, .merged))
            #expect(try events.next()?.kind == "changed")
        }
        dispatcher.stop(within: 10)
        #expect(try events.next() == nil)
        #expect(dispatcher.readerCount == 0)
        #expect(try dispatcher.open(hub, after: nil) { [] } == nil)
        server.stop(within: 1)
    }

    @Test func aDispatcherWithoutReadersNeedsNoThread() {
        let dispatcher = EventDispatcher(maximumReaders: 1, keepAlive: 15)
        let hub = EventHub { dispatcher.schedule($0) }
        for _ in 0..<10 { hub.publish(.changed(version: 1, .merged)) }
        dispatcher.stop(within: 0)
        #expect(dispatcher.readerCount == 0)
    }
}
