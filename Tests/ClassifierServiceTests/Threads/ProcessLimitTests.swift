import Foundation
import TensorFormats
import Testing

/// The program under a limit on its threads, as in containers.
///
/// Root has no such limit: the program runs as an otherwise unused user, if the tests may do that.
@Suite struct ProcessLimitTests {
    /// Whether the program can be started that way: the tools exist, and another user may read it where it is.
    static let isPossible: Bool = {
        guard geteuid() == 0, !ThreadSanitizer.isOn else { return false }
        return (try? Executable(["--version"], threadLimit: (64, user: newUser()))).map { $0.wait().status == 0 } ?? false
    }()

    private static func newUser() -> Int { Int.random(in: 1_000_000..<100_000_000) }

    private struct Server {
        let executable: Executable
        let port: UInt16?
    }

    /// Starts a server with at most this many threads.
    private func start(_ data: String, user: Int, threads: Int) throws -> Server {
        let executable = try Executable(
            ["serve", "--port", "0", "--event-loops", "1", "--pool-threads", "1", "--compute-threads", "1", "--data", data],
            environment: ["OPENBLAS_NUM_THREADS": "1"], threadLimit: (threads, user: user))
        guard let line = try? executable.firstLine() else { return Server(executable: executable, port: nil) }
        return Server(executable: executable, port: line.split(separator: ":").last.flatMap { UInt16($0) })
    }

    @Test(.enabled(if: isPossible)) func threadsThatCannotBeMade_areToldAndNothingHangs() throws {
        let models = KeptModels()
        try FileManager.default.createDirectory(
            atPath: models.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
        let user = Self.newUser()
        // Nine of its own besides the first: fewer are an error that says so.
        for threads in [1, 3, 6, 9] {
            let server = try start(models.path, user: user, threads: threads)
            let outcome = server.executable.wait()
            #expect(server.port == nil && outcome.status == 1, "\(threads): \(outcome)")
            #expect(outcome.errors.contains("cannot create the thread"), "\(threads): \(outcome)")
        }
        // Just enough: models share the available threads, even after a restart.
        for round in 1...2 {
            let full = try start(models.path, user: user, threads: 10)
            let client = TestClient(port: try #require(full.port, "\(full.executable.wait())"))
            for _ in 0..<6000 where try client.send("GET", "/readyz").status != 200 { usleep(10_000) }
            for model in ["a", "b", "c"] {
                if round == 1 { #expect(try client.send("PUT", "/v1/models/\(model)", #"{"dimension":2}"#).status == 201) }
                let learned = try client.send("POST", "/v1/models/\(model)/learn", #"{"features":[[1,0],[0,1]],"labels":["a","b"]}"#)
                #expect(learned.status == 200 && learned["samples"].int == 2 * round, "\(learned.text)")
            }
            #expect(try client.send("GET", "/readyz").status == 200)
            full.executable.send(SIGTERM)
            #expect(full.executable.wait().status == 0)
        }
    }

    /// OpenBLAS starts its threads before the program begins, and raises SIGINT if it gets none.
    @Test(.enabled(if: isPossible)) func aLinearAlgebraLibraryWithoutThreads_isAnErrorLikeAnyOther() throws {
        let executable = try Executable(
            ["--version"], environment: ["OPENBLAS_NUM_THREADS": "2"], threadLimit: (1, user: Self.newUser()))
        let outcome = executable.wait()
        // Another library has no threads of its own.
        #expect(outcome.status == 0 || outcome.status == 1 && outcome.errors.contains("OPENBLAS_NUM_THREADS"), "\(outcome)")
    }
}
