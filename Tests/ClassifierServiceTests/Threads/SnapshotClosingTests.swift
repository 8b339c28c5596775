import Concurrency
import Testing

@testable import ClassifierService
@testable import ModelHost

/// The files of snapshots are closed on a thread of the pool, never on an event loop: freeing their blocks takes milliseconds.
@Suite struct SnapshotClosingTests {
    /// Occupies the threads of a service's pool that take any task.
    private final class BusyPool {
        private let end = Flag()

        init(_ service: TestService) throws {
            let threads = ServiceConfiguration().poolThreads
            let started = Gate(threads + 1)
            for _ in 0..<threads {
                let isQueued = service.service.pool.run(.reading) { [end] in
                    started.pass()
                    _ = service.wait { end.isRaised }
                }
                try #require(isQueued)
            }
            started.pass()
        }

        func release() { end.raise() }

        deinit { release() }
    }

    private func learned(_ service: TestService) throws -> ModelClient {
        let model = ModelClient(service)
        try model.create(#"{"dimension":5}"#)
        #expect(try model.learn([[1, 2, 3, 4, 5]], ["a"]).status == 200)
        return model
    }

    @Test func aDownloadsFileWaitsForThePool() throws {
        let spool = try SpoolDirectory()
        let service = try TestService { $0.host.spoolDirectory = spool.path }
        let model = try learned(service)
        let busy = try BusyPool(service)
        #expect(try model.snapshot().status == 200)
        // The event loop has ended the answer when it takes the next request.
        #expect(try model.client.send("GET", "/healthz").status == 200)
        // The limits count it as long as it is there.
        #expect(service.spooledFiles == 1 && service.spooledBytes > 0)
        busy.release()
        #expect(service.wait { service.spooledFiles == 0 && service.spooledBytes == 0 })
        #expect(spool.isUnused(service))
    }

    @Test func theFileOfAnUploadWhoseClientLeavesWaitsForThePool() throws {
        let spool = try SpoolDirectory()
        let service = try TestService { $0.host.spoolDirectory = spool.path }
        let model = try learned(service)
        let upload = service.client()
        let head = "PUT \(model.path)/snapshot HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
        try upload.write(Array(head.utf8) + [UInt8](repeating: 1, count: 10))
        #expect(service.wait { service.spooledBytes == 10 })
        let busy = try BusyPool(service)
        let connections = service.openConnections
        upload.disconnect(byReset: true)
        #expect(service.wait { service.openConnections < connections })
        #expect(try model.client.send("GET", "/healthz").status == 200)
        #expect(service.spooledFiles == 1 && service.spooledBytes == 10)
        busy.release()
        #expect(service.wait { service.spooledFiles == 0 && service.spooledBytes == 0 })
        #expect(spool.isUnused(service))
    }
}
