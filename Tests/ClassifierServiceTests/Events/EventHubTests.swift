import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// Events without sockets: the ring, and who reads it.
@Suite struct EventHubTests {
    private func publish(_ count: Int, to hub: EventHub, padding: Int = 0) {
        for _ in 0..<count {
            hub.publish(.changed) { writer in
                writer.key("padding")
                writer.write(String(repeating: "x", count: padding))
            }
        }
    }

    private func number(_ step: EventHub.Step) -> Int? {
        if case .event(_, let number) = step { number } else { nil }
    }

    @Test func theRingKeepsTheNewest() {
        let hub = EventHub(nil)
        publish(3, to: hub)
        #expect(hub.newest == hub.origin + 3)
        #expect(hub.step(after: hub.newest) == .nothing)
        let text = "id: \(hub.origin + 1)\nevent: changed\ndata: {\"padding\":\"\"}\n\n"
        #expect(hub.step(after: hub.origin) == .event(Array(text.utf8), hub.origin + 1))
        publish(EventHub.capacity, to: hub)
        #expect(hub.step(after: hub.origin) == .missed(3, through: hub.origin + 3))
        #expect(number(hub.step(after: hub.origin + 3)) == hub.origin + 4)
    }

    @Test func theRingIsBoundedInBytes() {
        let hub = EventHub(nil)
        publish(20, to: hub, padding: EventHub.maximumBytes / 10)
        let missed = (10...20).first { hub.step(after: hub.origin) == .missed($0, through: hub.origin + $0) }
        #expect(missed != nil)
        // The newest is kept whatever its size.
        publish(1, to: hub, padding: 2 * EventHub.maximumBytes)
        #expect(hub.step(after: hub.newest - 2) == .missed(1, through: hub.newest - 1))
        #expect(number(hub.step(after: hub.newest - 1)) == hub.newest)
    }

    @Test func nothingComesAfterTheEnd() {
        let hub = EventHub(nil)
        hub.end()
        publish(1, to: hub)
        hub.end()
        #expect(hub.newest == hub.origin + 1)
        #expect(hub.step(after: hub.newest) == .end)
    }

    @Test func numbersOfALaterLifeAreLarger() {
        #expect(EventHub(nil).origin > 1 << 50)
        #expect(EventHub(nil).origin < 1 << 53)
    }

    @Test func commentsComeWhileNothingHappens() throws {
        let dispatcher = EventDispatcher(maximumReaders: 1, keepAlive: 0.01)
        let hub = EventHub(dispatcher)
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
            publish(1, to: hub)
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
        publish(10, to: EventHub(dispatcher))
        dispatcher.stop(within: 0)
        #expect(dispatcher.readerCount == 0)
    }
}
