import Foundation
import LinearAlgebra
import TensorFormats
import Testing

/// `accrue serve` as a process.
@Suite struct ServeTests {
    /// A temporary configuration file.
    private final class ConfigurationFile {
        let path = NSTemporaryDirectory() + "accrue-" + UUID().uuidString + ".json"

        init(_ text: String) throws { try text.write(toFile: path, atomically: false, encoding: .utf8) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    /// Starts a server.
    ///
    /// - Returns: the process and its port.
    private func serve(_ arguments: String...) throws -> (server: Executable, port: UInt16) {
        let server = try Executable(["serve"] + arguments)
        let line = try server.firstLine()
        guard let match = line.wholeMatch(of: /listening on http:\/\/(.+):(\d+)/), let port = UInt16(match.2) else {
            throw Executable.Failure(description: "the first line is \(line)")
        }
        return (server, port)
    }

    @Test(arguments: [SIGTERM, SIGINT]) func signalEndsItWithSuccess(_ signal: Int32) throws {
        let (server, port) = try serve("--port", "0")
        #expect(try TestClient(port: port).send("GET", "/readyz").status == 200)
        server.send(signal)
        let outcome = server.wait()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == "listening on http://127.0.0.1:\(port)\n")
        let lines = outcome.errors.split(separator: "\n")
        for line in lines {
            let entry = (try? JSONValue(parsing: String(line))) ?? .null
            #expect(["info", "warning", "error"].contains(entry["level"].string), "\(line)")
            #expect(entry["time"].string?.hasSuffix("Z") == true && entry["message"].string?.isEmpty == false, "\(line)")
        }
        #expect(lines.first?.contains("memory only") == true, "the first log line says that nothing is kept: \(outcome.errors)")
        #expect(outcome.errors.contains(signal == SIGTERM ? "SIGTERM" : "SIGINT"))
    }

    /// OpenBLAS reads the environment before `main`: the program re-executes itself with its settings, as the same process.
    @Test(.enabled(if: BLASLibrary.current.provider == .openBLAS)) func openBLASGetsItsSettings_andKeepsThoseOfTheUser() throws {
        for (own, expected) in [([:], "16"), (["OPENBLAS_THREAD_TIMEOUT": "20"], "20")] as [([String: String], String)] {
            let server = try Executable(
                ["serve", "--port", "0"], environment: own, without: ["OPENBLAS_THREAD_TIMEOUT", "OPENBLAS_CORETYPE"])
            _ = try server.firstLine()
            #expect(try server.currentEnvironment()["OPENBLAS_THREAD_TIMEOUT"] == expected)
            server.send(SIGTERM)
            #expect(server.wait().status == 0)
        }
    }

    /// Sent by a service manager that reloads, or by a closed terminal.
    @Test func hangUpWithNothingToReadAgain_isLoggedAndNoMore() throws {
        let (server, port) = try serve("--port", "0")
        server.send(SIGHUP)
        #expect(server.waitForErrors(containing: "no token file"))
        #expect(try TestClient(port: port).send("GET", "/readyz").status == 200)
        server.send(SIGTERM)
        let outcome = server.wait()
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func requestInFlightIsAnsweredAfterTheSignal() throws {
        let (server, port) = try serve("--port", "0", "--shutdown-timeout", "3600")
        let client = TestClient(port: port)
        try client.send("PUT", "/v1/models/m", #"{"dimension":2}"#)
        let body = Bodies.learn([[1, 2]], ["a"])
        let head = "POST /v1/models/m/learn HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n"
        try client.write(Array((head + "Expect: 100-continue\r\n\r\n").utf8))
        // The server has the request now; its content arrives after the signal.
        try client.readContinue()
        try client.write(Array(body[..<10]))
        server.send(SIGTERM)
        var refused = false
        for _ in 0..<60_000 where !refused {
            refused = (try? TestClient(port: port).connect()) == nil
            usleep(1000)
        }
        #expect(refused)
        try client.write(Array(body[10...]))
        let reply = try client.readReply()
        #expect(reply.status == 200 && reply["samples"].int == 1)
        #expect(reply.fields["connection"] == "close")
        #expect(server.wait().status == 0)
    }

    @Test func idleConnectionsDoNotDelayTheEnd() throws {
        let (server, port) = try serve("--port", "0", "--shutdown-timeout", "1000", "--idle-timeout", "1000")
        let clients = try (0..<5).map { _ in
            let client = TestClient(port: port)
            try client.send("GET", "/healthz")
            return client
        }
        server.send(SIGTERM)
        #expect(server.wait().status == 0)
        for client in clients { #expect(throws: TestClient.Failure.self) { try client.send("GET", "/healthz") } }
    }

    @Test func portInUseIsAFailure() throws {
        let (server, port) = try serve("--port", "0")
        let other = try Executable.run("serve", "--port", "\(port)")
        #expect(other.status == 1)
        #expect(other.errors.contains("port \(port) is in use"))
        #expect(other.output.isEmpty)
        server.send(SIGTERM)
        #expect(server.wait().status == 0)
    }

    @Test func optionsReachTheService() throws {
        let (server, port) = try serve("--port=0", "--max-body", "1K", "--max-memory", "1M", "--max-queue", "5", "--max-spool", "2K")
        let client = TestClient(port: port)
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":1000}"#).problemDetail.contains("\(1 << 20)"))
        try client.send("PUT", "/v1/models/m", #"{"dimension":4}"#)
        #expect(try client.send("POST", "/v1/models/m/learn", [UInt8](repeating: 32, count: 1025)).status == 413)
        #expect(try client.send("PUT", "/v1/models/m/snapshot", [UInt8](repeating: 32, count: 2049)).status == 413)
        server.send(SIGINT)
        #expect(server.wait().status == 0)
    }

    @Test func otherAddressesAreAllowedByAWord() throws {
        let (server, _) = try serve("--port", "0", "--host", "0.0.0.0", "--insecure")
        server.send(SIGTERM)
        let outcome = server.wait()
        #expect(outcome.status == 0 && outcome.output.hasPrefix("listening on http://0.0.0.0:"))
    }

    @Test(arguments: ["localhost", "127.0.0.1", "127.1.2.3"]) func loopbackNeedsNoWord(_ host: String) throws {
        let (server, _) = try serve("--port", "0", "--host", host)
        server.send(SIGTERM)
        #expect(server.wait().status == 0)
    }

    // MARK: The configuration file

    @Test func fileSetsWhatOptionsMayOverride() throws {
        let file = try ConfigurationFile(
            #"""
            {"host":"127.0.0.1","port":1,"insecure":false,"max_body":"2K","max_memory":1048576,"max_connections":50,"max_queue":3,
             "event_loops":1,"compute_threads":1,"spool":"/tmp","max_spool":2048,"header_timeout":5,"idle_timeout":5.5,"shutdown_timeout":2}
            """#)
        let (server, port) = try serve("--config", file.path, "--port", "0", "--max-body", "4K")
        let client = TestClient(port: port)
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":1000}"#).problemDetail.contains("\(1 << 20)"))
        try client.send("PUT", "/v1/models/m", #"{"dimension":4}"#)
        #expect(try client.send("POST", "/v1/models/m/learn", [UInt8](repeating: 32, count: 4096)).status == 400)
        #expect(try client.send("POST", "/v1/models/m/learn", [UInt8](repeating: 32, count: 4097)).status == 413)
        #expect(try client.send("PUT", "/v1/models/m/snapshot", [UInt8](repeating: 32, count: 2049)).status == 413)
        server.send(SIGTERM)
        #expect(server.wait().status == 0)
    }

    @Test func fileOfThePackageIsTaken() throws {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        let (server, port) = try serve("--config", root.appendingPathComponent("Config/accrue.json").path, "--port", "0")
        #expect(try TestClient(port: port).send("GET", "/readyz").status == 200)
        server.send(SIGTERM)
        #expect(server.wait().status == 0)
    }

    @Test(arguments: [
        (#"{"prot":1}"#, ["\"prot\"", "not a known key"]), (#"{"prot":null}"#, ["\"prot\"", "not a known key"]),
        (#"{"port":"8080"}"#, ["\"port\"", "0 to 65535"]),
        (#"{"port":65536}"#, ["\"port\"", "0 to 65535"]), (#"{"host":1}"#, ["\"host\"", "a string"]),
        (#"{"insecure":"yes"}"#, ["\"insecure\"", "true or false"]), (#"{"max_body":-1}"#, ["\"max_body\"", "64M"]),
        (#"{"max_body":"64Q"}"#, ["\"max_body\"", "64M"]), (#"{"max_queue":0}"#, ["\"max_queue\"", "1 to"]),
        (#"{"event_loops":1.5}"#, ["\"event_loops\""]), (#"{"idle_timeout":0}"#, ["\"idle_timeout\"", "above 0"]),
        (#"{"idle_timeout":"60"}"#, ["\"idle_timeout\"", "seconds"]), (#"{"spool":1}"#, ["\"spool\"", "a string"]),
        (#"{"port":1,"port":2}"#, ["\"port\"", "twice"]), (#"{"host":"0.0.0.0"}"#, ["0.0.0.0", "--insecure"]), ("[]", ["object"]),
        ("port = 1", ["expected"]), ("", ["ends too early"]),
    ])
    func badFileIsNamedWithItsKey(_ text: String, _ names: [String]) throws {
        let file = try ConfigurationFile(text)
        let outcome = try Executable.run("serve", "--config", file.path)
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        for name in names { #expect(outcome.errors.contains(name), "\"\(name)\" is not in: \(outcome.errors)") }
        if !names.contains("--insecure") { #expect(outcome.errors.contains(file.path), "\(outcome.errors)") }
    }
}
