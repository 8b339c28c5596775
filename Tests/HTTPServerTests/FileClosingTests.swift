import Concurrency
import Foundation
import Glibc
import Testing

@testable import HTTPServer

/// Files that are sent are closed where the application says, however the answer ends.
@Suite struct FileClosingTests {
    private final class Owner: Sendable {}

    /// A file larger than what the kernel buffers for a client, and the work of closing it, which waits until the test does it.
    private final class Held: Sendable {
        static let length = 24 << 20
        let work = SharedList<@Sendable () -> Void>()
        private let seen = Guarded<(descriptor: Int32, owner: Weak)?>(nil)

        private struct Weak: Sendable {
            weak var owner: Owner?
        }

        /// The answer; called once.
        func body() -> FileBody {
            var path = Array("/tmp/accrue-closing-XXXXXX".utf8CString)
            let descriptor = mkstemp(&path)
            unlink(path)
            ftruncate(descriptor, Self.length)
            let owner = Owner()
            seen.withLock { $0 = (descriptor, Weak(owner: owner)) }
            return FileBody(descriptor: descriptor, length: Self.length, owner: owner) { [work] in work.append($0) }
        }

        var isOpen: Bool { fcntl(seen.withLock { $0?.descriptor ?? -1 }, F_GETFD) >= 0 }
        var hasOwner: Bool { seen.withLock { $0?.owner.owner != nil } }
    }

    enum End: CaseIterable { case sent, clientLeft, clientLeftBefore, brokenOff, headOnly, stopped }

    @Test(arguments: End.allCases) func onlyTheApplicationClosesAFile(_ end: End) throws {
        let held = Held()
        let bodies = SharedList<FileBody>()
        let late = SharedList<@Sendable () -> Void>()
        var router = Router()
        router.on(.get, "/") { _, responder in
            let body = held.body()
            if end == .brokenOff { bodies.append(body) }
            guard end == .clientLeftBefore else { return responder.send(Response(.ok, body: .file(body))) }
            late.append { [deferred = responder.deferred()] in deferred.send(Response(.ok, body: .file(body))) }
        }
        var running: RunningServer? = try RunningServer(router)
        let client = try #require(try running?.connect())
        let method = end == .headOnly ? "HEAD" : "GET"
        client.shrinkReceiveBuffer()
        client.send("\(method) / HTTP/1.1\r\nHost: a\r\n\r\n")
        switch end {
        case .sent: #expect(try client.response().body.count == Held.length)
        case .headOnly: #expect(try client.response(to: "HEAD")["content-length"] == "\(Held.length)")
        case .clientLeft:
            #expect(RunningServer.eventually { held.isOpen })
            client.reset()
        case .clientLeftBefore:
            #expect(RunningServer.eventually { !late.values.isEmpty })
            client.reset()
            #expect(RunningServer.eventually { running?.server.statistics.openConnections == 0 })
            for answer in late.values { answer() }
            late.removeAll()
        case .brokenOff:
            #expect(RunningServer.eventually { running?.server.statistics.openConnections == 1 && !bodies.values.isEmpty })
            for body in bodies.values { body.breakOff() }
            bodies.removeAll()
        case .stopped:
            #expect(RunningServer.eventually { held.isOpen })
            running?.server.stop(within: 0)
            running = nil
        }
        try #require(RunningServer.eventually { !held.work.values.isEmpty })
        #expect(held.isOpen && held.hasOwner)
        try #require(held.work.values.count == 1)
        held.work.values[0]()
        #expect(!held.isOpen)
        held.work.removeAll()
        #expect(RunningServer.eventually { !held.hasOwner })
    }
}
