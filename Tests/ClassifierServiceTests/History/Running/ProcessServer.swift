import Foundation
import TensorFormats

/// `accrue serve` in its own process.
final class ProcessServer: HistoryServer {
    private let models = KeptModels()
    private let checkpointLog: Int
    private var process: ServerProcess?
    private(set) var isKept = true

    init(checkpointLog: Int) throws {
        self.checkpointLog = checkpointLog
        try start()
    }

    deinit { kill() }

    var port: UInt16 { process?.port ?? 0 }
    var path: String { models.path }

    func start() throws {
        process = try ServerProcess(
            data: models.path,
            ["--checkpoint-log", "\(checkpointLog)K", "--max-memory", "256M", "--pool-threads", "1", "--compute-threads", "1"])
    }

    func kill() {
        process?.kill()
        process = nil
    }

    /// Kills it without waiting.
    func signalKill() { process?.executable.send(SIGKILL) }

    func terminate() throws {
        guard let process else { return }
        process.executable.send(SIGTERM)
        let outcome = process.executable.wait()
        self.process = nil
        try demand(outcome.status == 0, "after SIGTERM the server ends with status \(outcome.status): \(outcome.errors.suffix(2000))")
    }

    /// Audits the data directory of a stopped server.
    func verify() throws {
        let outcome = try Executable.run("verify", models.path, environment: ["OPENBLAS_NUM_THREADS": "1"])
        try demand(
            outcome.status == 0, "accrue verify ends with \(outcome.status): \(outcome.output.suffix(1000)) \(outcome.errors.suffix(1000))")
    }

    var report: String {
        guard let process else { return "not running" }
        process.executable.send(SIGKILL)
        let outcome = process.executable.wait()
        self.process = nil
        // A trap is followed by pages of backtrace.
        let lines = outcome.errors.split(separator: "\n")
        let fatal = lines.filter { $0.contains("Fatal error") || $0.contains("Crash: ") || $0.contains("level\":\"error") }
        return "it ended with \(outcome.status) and said \((fatal + lines.suffix(3)).joined(separator: "\n").prefix(3000))"
    }
}
