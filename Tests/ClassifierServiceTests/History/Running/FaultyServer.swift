import Foundation
import Storage
import StorageTestSupport

@testable import ClassifierService
@testable import ModelHost

/// A service in this process, on a disk that fails when it is told to.
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
        service = try models.start(fileSystem: disk) { $0.checkpointLogBytes = checkpointLog << 10 }
    }

    /// A service cannot be killed without the process: what a kill leaves on disk comes from a disk that fails.
    func kill() {
        service?.stop()
        service = nil
    }

    func terminate() throws { kill() }

    /// The bytes that all models hold of the budget.
    var reservedBytes: Int { service?.reservedBytes ?? 0 }

    /// Whether the budget is all given back; a worker that ends may take a moment for it.
    var holdsNothing: Bool {
        for _ in 0..<20_000 where reservedBytes != 0 { usleep(1000) }
        return reservedBytes == 0
    }

    var report: String { "in this process" }
}
