import Foundation
import Glibc
import Testing

@testable import HTTPServer

@Suite struct LifecycleTests {
    private static func router(_ list: SharedList<DeferredResponder> = SharedList()) -> Router {
        var router = Router()
        router.on(.get, "/now") { _, responder in responder.send(.ok, "now") }
        router.on(.get, "/later") { _, responder in list.append(responder.deferred()) }
        return router
    }

    private static let now = "GET /now HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let later = "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"

    private static func configuration(_ host: String = "127.0.0.1", port: UInt16 = 0) -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.host = host
        configuration.port = port
        return configuration
    }

    @Test func stoppingAnswersWhatIsInHandAndClosesTheRest() throws {
        let list = SharedList<DeferredResponder>()
        let running = try RunningServer(Self.router(list))
        let idle = try running.connect()
        #expect(try idle.exchange(Self.now).status == 200)
        let busy = try running.connect()
        busy.send(Self.later)
        let half = try running.connect()
        half.send("GET /now HTT")
        try #require(RunningServer.eventually { list.values.count == 1 && running.server.statistics.openConnections == 3 })
        let server = running.server
        let stopped = DispatchSemaphore(value: 0)
        Thread {
            server.stop(within: 600)
            stopped.signal()
        }.start()
        #expect(idle.readToEnd(), "an idle connection is closed soon")
        #expect(RunningServer.eventually { (try? running.connect()) == nil }, "new connections are refused")
        half.send("P/1.1\r\nHost: a\r\n\r\n")
        #expect(try half.response()["connection"] == "close")
        list.values[0].send(.text("done"))
        let response = try busy.response()
        #expect(response.text == "done")
        #expect(response["connection"] == "close")
        #expect(busy.readToEnd())
        #expect(stopped.wait(timeout: .now() + 600) == .success)
        server.stop(within: 1)
        #expect(throws: ServerError.alreadyStarted) { try server.start() }
    }

    @Test func theDeadlineOfStoppingBreaksOffTheRest() throws {
        let list = SharedList<DeferredResponder>()
        let running = try RunningServer(Self.router(list))
        let busy = try running.connect()
        busy.send(Self.later)
        try #require(RunningServer.eventually { list.values.count == 1 })
        running.server.stop(within: 0.1)
        #expect(busy.readToEnd())
        #expect(busy.reader.finals.isEmpty)
        list.values[0].send(.text("too late"))
        #expect(RunningServer.eventually { !list.values[0].isConnected })
    }

    @Test func aSecondServerOnThePortIsRefused() throws {
        let running = try RunningServer(Self.router())
        let second = try Server(configuration: Self.configuration(port: running.port), router: Self.router())
        #expect(throws: ServerError.portInUse(running.port)) { try second.start() }
    }

    @Test func aPortCanBeUsedAgainAtOnce() throws {
        // Another test may occasionally take the port in between; waiting for TIME_WAIT would fail every time.
        for attempt in 1...5 {
            let first = try RunningServer(Self.router())
            let client = try first.connect()
            #expect(try client.exchange(Self.now).status == 200)
            first.server.stop(within: 60)
            let second = try Server(configuration: Self.configuration(port: first.port), router: Self.router())
            do {
                #expect(try second.start().port == first.port)
            } catch ServerError.portInUse where attempt < 5 {
                continue
            }
            #expect(try TestClient(port: first.port).exchange(Self.now).status == 200)
            return second.stop(within: 1)
        }
    }

    @Test(arguments: ["::1", "[::1]"]) func addressesOfIPv6AreServed(host: String) throws {
        let server = try Server(configuration: Self.configuration(host), router: Self.router())
        let address: HTTPServer.SocketAddress
        do {
            address = try server.start()
        } catch ServerError.system(_, EADDRNOTAVAIL), ServerError.system(_, EAFNOSUPPORT) {
            return  // A machine without IPv6.
        }
        #expect(address.description == "[::1]:\(address.port)")
        server.stop(within: 0)
    }

    @Test func unusableHostsAreNamed() throws {
        let server = try Server(configuration: Self.configuration("no such host"), router: Self.router())
        #expect {
            try server.start()
        } throws: { error in
            "\(error)".contains("no such host")
        }
    }

    @Test func impossibleConfigurationsAreRefused() {
        let changes: [(inout ServerConfiguration) -> Void] = [
            { $0.eventLoops = 0 }, { $0.maximumConnections = 0 }, { $0.maximumBodySize = -1 }, { $0.idleTimeout = 0 },
            { $0.headerDeadline = .nan }, { $0.maximumHeaderSize = 10 }, { $0.serverName = "a\r\nb" }, { $0.minimumBodyRate = 0 },
            { $0.minimumAnswerRate = 0 }, { $0.stopGrace = -1 }, { $0.reservedDescriptors = -1 }, { $0.maximumTotalAnswerMemory = -1 },
        ]
        for change in changes {
            var configuration = ServerConfiguration()
            change(&configuration)
            #expect(throws: ServerError.self) { try Server(configuration: configuration, router: Router()) }
        }
    }

    @Test func connectionsLeaveDescriptorsToTheRest() throws {
        var configuration = ServerConfiguration()
        configuration.maximumConnections = 16384
        configuration.reservedDescriptors = 256
        for (descriptors, limit) in [(Int.max, 16384), (20_000, 16384), (16_500, 16_244), (1024, 768), (256, 128), (2, 1), (1, 1)] {
            #expect(ServerShared.connectionLimit(configuration, descriptors: descriptors) == limit, "\(descriptors)")
        }
        let running = try RunningServer(Self.router()) { $0.maximumConnections = 7 }
        #expect(running.server.connectionLimit == 7)
    }

    @Test func acceptedSocketsSendSmallPacketsAtOnce() throws {
        let listener = try Listener(host: "127.0.0.1", port: 0)
        let client = try TestClient(port: listener.address.port)
        var accepted = SystemCall.Accepted.wouldBlock
        #expect(
            RunningServer.eventually {
                accepted = SystemCall.accept(listener.descriptor)
                return accepted != .wouldBlock
            })
        guard case .connection(let descriptor, let peer) = accepted else { return #expect(Bool(false)) }
        var value: Int32 = 0
        var length = socklen_t(4)
        getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &value, &length)
        #expect(value == 1)
        #expect(peer.host == "127.0.0.1")
        SystemCall.close(descriptor)
        _ = client
    }

    @Test func mailboxesLoseNothingFromManyThreads() throws {
        let mailbox = try Mailbox()
        let group = DispatchGroup()
        for thread in 0..<4 {
            group.enter()
            Thread {
                for index in 0..<1000 { mailbox.post(.adopt(Int32(thread * 1000 + index), PeerAddress())) }
                group.leave()
            }.start()
        }
        var seen = Set<Int32>()
        var messages: [LoopMessage] = []
        while seen.count < 4000 {
            var watched = pollfd(fd: mailbox.descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&watched, 1, 120_000) > 0 else { break }
            mailbox.take(into: &messages)
            for case .adopt(let value, _) in messages { seen.insert(value) }
        }
        group.wait()
        #expect(seen.count == 4000)
        _ = mailbox.close()
        #expect(!mailbox.post(.adopt(0, PeerAddress())))
    }
}
