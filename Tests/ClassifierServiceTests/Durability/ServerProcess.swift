import Foundation

/// `accrue serve` on a data directory, as a process that can be killed.
struct ServerProcess {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let executable: Executable
    let port: UInt16

    /// Starts it and waits until it is ready.
    init(data: String, _ arguments: [String] = [], environment: [String: String] = [:], fileBlocks: Int? = nil) throws {
        executable = try Executable(
            ["serve", "--port", "0", "--event-loops", "1", "--data", data] + arguments,
            environment: environment.merging(["OPENBLAS_NUM_THREADS": "1"]) { one, _ in one }, fileBlocks: fileBlocks)
        let line = try executable.firstLine()
        guard let match = line.wholeMatch(of: /listening on http:\/\/(.+):(\d+)/), let port = UInt16(match.2) else {
            throw Failure(description: "the first line is \(line)")
        }
        self.port = port
        for _ in 0..<6000 {
            if try TestClient(port: port).send("GET", "/readyz").status == 200 { return }
            usleep(10_000)
        }
        throw Failure(description: "never ready")
    }

    /// Kills it.
    ///
    /// - Returns: its log.
    @discardableResult
    func kill() -> String {
        executable.send(SIGKILL)
        return executable.wait().errors
    }
}
