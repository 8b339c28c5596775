import Foundation
import Storage
import StorageTestSupport

@testable import ClassifierService
@testable import ModelHost

/// A service in this process, on a disk that fails on request.
final class FaultyServer: HistoryServer {
    let disk = FaultyFileSystem(SystemFileSystem())
    private let models = KeptModels()
    private let checkpointLog: Int
    private var service: KeptService?
    let isKept = true

    init(checkpointLog: Int) throws {
        self.checkpointLog = checkpointLog
        try start()
    }

    var port: UInt16 { service?.port ?? 0 }

    func start() throws {
        // Models rest whenever nothing waits.
        service = try models.start(fileSystem: disk, restDelay: 0) { $0.checkpointLogBytes = checkpointLog << 10 }
    }

    /// A service cannot be killed without the process: a failing disk produces what a kill leaves.
    func kill() {
        service?.stop()
        service = nil
    }

    func terminate() throws { kill() }

    /// The bytes that all models hold of the budget.
    var reservedBytes: Int { service?.reservedBytes ?? 0 }

    /// Whether the whole budget is returned; a worker that ends may take a moment.
    var holdsNothing: Bool {
        for _ in 0..<20_000 where reservedBytes != 0 { usleep(1000) }
        return reservedBytes == 0
    }

    var report: String { "in this process" }
}
