import Concurrency
import Foundation
import Testing

@testable import HTTPServer

/// Routes that take some contents as they arrive, and consumers that answer for an interrupted content.
@Suite struct StreamChoiceTests {
    private final class Counter: BodyConsumer {
        private let state = Guarded((count: 0, failure: ""))
        private let responder: DeferredResponder
        private let answersFailures: Bool

        init(_ responder: DeferredResponder, answersFailures: Bool) {
            self.responder = responder
            self.answersFailures = answersFailures
        }

        func receive(_ bytes: UnsafeRawBufferPointer, flow: BodyFlow) -> BodyDemand {
            let count = bytes.count
            state.withLock { $0.count += count }
            return .more
        }

        func finish() { responder.send(.text("streamed \(state.withLock { $0.count })")) }

        func fail(_ status: Status, detail: String) -> Bool {
            guard answersFailures else { return false }
            let count = state.withLock { $0.count }
            // Late, from another thread: the connection must wait.
            Thread.detachNewThread { [responder] in
                usleep(50_000)
                responder.send(.problem(status, detail: detail, extending: ["taken": count]))
            }
            return true
        }

        func abort() {}
    }

    private func start(_ configure: (inout ServerConfiguration) -> Void = { _ in }) throws -> RunningServer {
        var router = Router()
        router.on(
            .post, "/either", maximumBodySize: 10, maximumStreamSize: 1000, streaming: { $0.mediaTypeIs("text/stream") },
            { request, responder in Counter(responder.deferred(), answersFailures: request.hasQuery) },
            whole: { request, responder in responder.send(.text("whole \(request.bodyCount)")) })
        return try RunningServer(router, configure)
    }

    private func request(_ type: String, _ count: Int, query: String = "") -> String {
        "POST /either\(query) HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\nContent-Length: \(count)\r\n\r\n"
    }

    @Test func eachKindHasItsOwnLimit() throws {
        let server = try start()
        let client = try server.connect()
        func send(_ type: String, _ count: Int) throws -> (Int, String) {
            let response = try client.exchange(request(type, count) + String(repeating: "x", count: count), method: "POST")
            return (response.status, response.text)
        }
        #expect(try send("text/plain", 10) == (200, "whole 10"))
        #expect(try send("text/plain", 11).0 == 413)
        #expect(try send("text/stream", 11) == (200, "streamed 11"))
        #expect(try send("text/stream", 1000) == (200, "streamed 1000"))
        #expect(try send("text/stream", 1001).0 == 413)
    }

    @Test func contentInTwoPiecesIsTakenWhole() throws {
        let server = try start()
        let client = try server.connect()
        client.send(request("text/plain", 6) + "abc")
        usleep(20_000)
        client.send("def")
        #expect(try client.response().text == "whole 6")
    }

    @Test func aConsumerMayAnswerForContentThatBreaksOff() throws {
        let server = try start()
        let client = try server.connect()
        client.send(request("text/stream", 100, query: "?answers") + "abc")
        client.closeSending()
        let response = try client.response()
        #expect(response.status == 400)
        #expect(response.text.hasSuffix(#","taken":3}"#))
        #expect(client.readToEnd())
    }

    @Test func aConsumerMayAnswerASlowClient() throws {
        let server = try start { $0.bodyDeadline = 0.1 }
        let client = try server.connect()
        client.send(request("text/stream", 100, query: "?answers") + "abc")
        let response = try client.response()
        #expect(response.status == 408)
        #expect(response.text.hasSuffix(#","taken":3}"#))
        #expect(response["connection"] == "close")
        #expect(client.readToEnd())
    }

    @Test func otherwiseTheServerAnswers() throws {
        let server = try start { $0.bodyDeadline = 0.1 }
        let client = try server.connect()
        client.send(request("text/stream", 100) + "abc")
        #expect(try client.response().status == 408)
        #expect(client.readToEnd())
    }
}
