import Foundation
import HTTPServer
import Storage
import StorageTestSupport
import TensorFormats
import Testing

@testable import ClassifierService

/// `GET /metrics`, over sockets.
@Suite struct MetricsTests {
    /// The samples of a text by name and labels, as written.
    private func samples(_ client: TestClient) throws -> [String: Double] {
        let reply = try client.send("GET", "/metrics")
        #expect(reply.status == 200)
        #expect(reply.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(reply.text.hasSuffix("\n"))
        var samples: [String: Double] = [:]
        for line in reply.text.split(separator: "\n") where !line.hasPrefix("#") {
            let blank = try #require(line.lastIndex(of: " "))
            let (name, value) = (String(line[..<blank]), String(line[line.index(after: blank)...]))
            #expect(samples[name] == nil, "\(name) is there twice")
            samples[name] = try #require(value == "+Inf" ? .infinity : Double(value), "\(line)")
        }
        return samples
    }

    /// Waits until other connections' requests are counted: an answer may be read before its loop counts it.
    private func settled(_ service: TestService) {
        #expect(service.wait { service.service.server.statistics.requestsInFlight == 0 })
    }

    @Test func requestsAreCountedByRouteAndStatus() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        for _ in 0..<3 { try model.learn([[1, 0], [0, 1]], ["a", "b"]) }
        try model.learn([[1, 0]], [])
        for _ in 0..<5 { try model.predict([[1, 0]]) }
        try ModelClient(service, "other").predict([[1, 0]])
        _ = try model.client.send("GET", "/nothing")
        _ = try model.client.send("HEAD", "/healthz")
        settled(service)
        let all = try samples(service.client())
        func requests(_ route: String, _ method: String, _ code: Int) -> Double? {
            all["accrue_http_requests_total{route=\"\(route)\",method=\"\(method)\",code=\"\(code)\"}"]
        }
        #expect(requests("/v1/models/{model}", "PUT", 201) == 1)
        #expect(requests("/v1/models/{model}/learn", "POST", 200) == 3)
        #expect(requests("/v1/models/{model}/learn", "POST", 400) == 1)
        #expect(requests("/v1/models/{model}/predict", "POST", 200) == 5)
        #expect(requests("/v1/models/{model}/predict", "POST", 404) == 1)
        #expect(requests("", "GET", 404) == 1)
        #expect(requests("/healthz", "HEAD", 200) == 1)
        #expect(all.keys.count { $0.hasPrefix("accrue_http_requests_total") } == 7)
        #expect(all[#"accrue_http_request_duration_seconds_count{route="/v1/models/{model}/predict",method="POST"}"#] == 6)
        #expect(all[#"accrue_http_request_duration_seconds_bucket{route="/v1/models/{model}/predict",method="POST",le="+Inf"}"#] == 6)
        #expect(all[#"accrue_http_response_bytes_total{route="",method="GET"}"#] ?? 0 > 0)
        // The scrape itself.
        #expect(all["accrue_http_requests_in_flight"] == 1)
        #expect(all["accrue_http_open_connections"] ?? 0 >= 1)
    }

    @Test func aModelIsAsItsDetailsSay() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2,"imbalance":{"kind":"pseudo_features"}}"#)
        try model.learn([[1, 0], [0, 1], [1, 1]], ["a", "b", "a"])
        try model.learn([[1, 0], [0, 1], [1, 1]], ["b", "b", "a"])
        _ = try model.client.send("POST", model.path + "/unlearn", Bodies.learn([[1, 1]], ["a"]))
        _ = try model.client.send("POST", model.path + "/rebalance")
        let details = try model.details().json
        let all = try samples(service.client())
        func value(_ name: String, _ labels: String = "") -> Double? { all["accrue_model_\(name){model=\"m\"\(labels)}"] }
        #expect(value("state", #",state="ready""#) == 1)
        #expect(value("state", #",state="stopped""#) == 0)
        #expect(all["accrue_models"] == 1 && all["accrue_ready"] == 1)
        #expect(value("version") == details["version"].double)
        #expect(value("samples") == 5)
        #expect(value("classes") == 2)
        #expect(value("learned_rows_total") == 6)
        #expect(value("learn_requests_total") == 2)
        #expect(value("unlearned_rows_total") == 1)
        let evaluation = details["evaluation"]
        for (scope, part) in [("stream", evaluation), ("window", evaluation["window"])] {
            let label = ",scope=\"\(scope)\""
            #expect(value("evaluated_samples", label) == (part["evaluated_samples"].double ?? part["samples"].double))
            #expect(value("accuracy_ratio", label) == part["accuracy"].double)
            #expect(value("balanced_accuracy_ratio", label) == part["balanced_accuracy"].double)
        }
        #expect(value("drift_ratio") == details["drift"].double)
        #expect(value("solves_total") == details["solves"].double)
        #expect(value("drift_heals_total") != nil)
        #expect(value("ill_conditioned") == 0)
        #expect(value("condition_estimate") == details["condition_estimate"].double)
        #expect(value("balanced_version") == details["balanced_version"].double)
        #expect(value("rebalances_total") ?? 0 >= 1)
        #expect(value("rebalance_failures_total") == 0)
        // A background refresh may have been added since.
        #expect(value("rebalance_duration_seconds") ?? -1 >= 0)
        #expect(value("rebalance_timestamp_seconds") ?? 0 > 1.7e9)
        #expect(value("memory_bytes") == details["memory_bytes"].double)
        #expect(all["accrue_memory_reserved_bytes"] == Double(service.reservedBytes))
        #expect(all["accrue_memory_limit_bytes"] == Double(1 << 30))
        #expect(all["accrue_worker_threads"] ?? 0 >= 1 && all["accrue_worker_threads_busy"] ?? -1 >= 0)
        #expect(all["accrue_models_waiting"] ?? -1 >= 0)
        // In memory only: there is no log and no checkpoint.
        #expect(!all.keys.contains { $0.hasPrefix("accrue_model_log") || $0.hasPrefix("accrue_model_checkpoint") })
    }

    @Test func calibrationIsToldWhenItIsKnown() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        #expect(!(try samples(service.client()).keys.contains { $0.contains("calibration") }))
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<5 {
            let rows = (0..<100).map { row in [Double(row % 2) + .random(in: -1...1, using: &generator), 1] }
            try model.learn(rows, (0..<100).map { $0 % 2 == 0 ? "a" : "b" })
        }
        let calibration = try model.details()["calibration"]
        let all = try samples(service.client())
        let labels = #"{model="m",weights="plain""#
        func expect(_ name: String, _ member: String) {
            #expect(all[name] != nil && all[name] == calibration[member].double, "\(name)")
        }
        expect("accrue_model_calibration_temperature\(labels)}", "temperature")
        expect("accrue_model_calibration_samples\(labels)}", "samples")
        let error = "accrue_model_expected_calibration_error_ratio\(labels),scores="
        expect(error + #""calibrated"}"#, "expected_calibration_error")
        expect(error + #""raw"}"#, "expected_calibration_error_raw")
    }

    @Test func theQueueIsCountedWhileTheWorkerIsBusy() throws {
        let service = try TestService()
        let held = try HeldModel(service)
        let hold = try held.hold()
        let waiting = try (0..<3).map { _ in try held.beginLearn() }
        #expect(service.waitForJobs(3, of: held.name))
        // The scrape does not wait for the worker, which is still busy with its first job.
        let all = try samples(service.client())
        #expect(all[#"accrue_model_queue_requests{model="held"}"#] == 3)
        #expect(all[#"accrue_model_queue_bytes{model="held"}"#] ?? 0 > Double(3 * 8 * held.dimension))
        #expect(try held.model.details()["queue_depth"].int == 3)
        hold.end()
        for client in waiting { #expect(try client.readReply().status == 200) }
        #expect(try samples(service.client())[#"accrue_model_queue_requests{model="held"}"#] == 0)
    }

    @Test func logsAndCheckpointsAreCounted() throws {
        let kept = KeptModels()
        let disk = FaultyFileSystem(SystemFileSystem())
        let service = try kept.start(fileSystem: disk)
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":1}"#)
        for _ in 0..<4 { try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1]], ["a"])) }
        var all = try samples(client)
        func value(_ name: String) -> Double? { all["accrue_model_\(name){model=\"m\"}"] }
        #expect(value("log_append_duration_seconds_count") == 4)
        #expect(value("log_append_duration_seconds_sum") ?? 0 > 0)
        let logged = try #require(value("log_bytes"))
        #expect(logged > 0)
        #expect(logged == (try client.send("GET", "/v1/models/m")["log_bytes"].double))
        #expect(value("checkpoint_version") == 0)
        #expect(value("checkpoints_total") == 1)
        try client.send("PATCH", "/v1/models/m", #"{"ridge":1}"#)
        all = try samples(client)
        #expect(value("log_bytes") == 0)
        #expect(value("checkpoint_version") == 5)
        #expect(value("checkpoints_total") == 2)
        #expect(value("checkpoint_failures_total") == 0)
        #expect(value("checkpoint_bytes") ?? 0 > 100)
        #expect(value("checkpoint_timestamp_seconds") ?? 0 > 1.7e9)
        #expect(value("checkpoint_duration_seconds") ?? -1 >= 0)

        disk.fail(.synchronizeData, 0, .error(EIO))
        try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1]], ["a"]))
        disk.heal()
        // The worker says so after answering.
        for _ in 0..<60_000 where try client.send("GET", "/readyz").status == 200 { usleep(1000) }
        all = try samples(client)
        #expect(all[#"accrue_model_state{model="m",state="stopped"}"#] == 1)
        #expect(all["accrue_ready"] == 0)
        service.stop()

        // What a restart finds.
        let next = try kept.start()
        all = try samples(next.client())
        #expect(value("checkpoint_version") ?? 0 >= 5)
        #expect(value("checkpoint_timestamp_seconds") ?? 0 > 1.7e9)
        #expect(value("checkpoints_total") == 0)
        #expect(value("checkpoint_duration_seconds") == nil)
    }

    @Test func checkpointsThatFailAreCounted() throws {
        let kept = KeptModels()
        let disk = FaultyFileSystem(SystemFileSystem())
        let client = try kept.start(fileSystem: disk).client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":1}"#)
        try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1]], ["a"]))
        let before = try samples(client)[#"accrue_model_log_bytes{model="m"}"#]
        disk.fail(.write, 0, .error(ENOSPC))
        #expect(try client.send("PATCH", "/v1/models/m", #"{"ridge":1}"#).status == 507)
        disk.heal()
        let all = try samples(client)
        #expect(all[#"accrue_model_checkpoint_failures_total{model="m"}"#] == 1)
        #expect(all[#"accrue_model_checkpoint_version{model="m"}"#] == 0)
        #expect(all[#"accrue_model_log_bytes{model="m"}"#] == before)
    }

    @Test func theProcessAndItsBLASAreTold() throws {
        let service = try TestService()
        let all = try samples(service.client())
        #expect(all["accrue_build_info{version=\"\(Service.version)\"}"] == 1)
        #expect(all.keys.contains { $0.hasPrefix("accrue_blas_info{library=") && $0.contains(",core=") && $0.contains(",threads=") })
        #expect(all["process_cpu_seconds_total"] ?? 0 > 0)
        #expect(all["process_resident_memory_bytes"] ?? 0 > 1e6)
        #expect(all["process_virtual_memory_bytes"] ?? 0 > 1e6)
        #expect(all["process_open_fds"] ?? 0 > 3)
        #expect(all["process_max_fds"] ?? 0 >= all["process_open_fds"] ?? 0)
        #expect(all["process_threads"] ?? 0 > 1)
        // Now, plus or minus a day.
        #expect(abs((all["process_start_time_seconds"] ?? 0) - Date().timeIntervalSince1970) < 86_400)
    }

    @Test func openMetricsIsForThoseWhoAsk() throws {
        let service = try TestService()
        let client = service.client()
        let accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
        try client.write(Array("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: \(accept)\r\n\r\n".utf8))
        let reply = try client.readReply()
        #expect(reply.fields["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        #expect(reply.fields["vary"]?.contains("Accept") == true)
        #expect(reply.text.hasSuffix("\n# EOF\n"))
        #expect(reply.text.contains("# TYPE process_cpu_seconds counter\n"))
        #expect(reply.text.contains("\nprocess_cpu_seconds_total "))
        // Naming it does not request it; HEAD chooses like GET.
        for method in ["GET", "HEAD"] {
            try client.write(
                Array("\(method) /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: application/openmetrics-text;q=0, text/plain\r\n\r\n".utf8)
            )
            let refused = try client.readReply(isToHead: method == "HEAD")
            #expect(refused.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        }
    }

    @Test func theBookOfReadersAndWhatTheyMiss() throws {
        let service = try TestService()
        try ModelClient(service).create(#"{"dimension":2}"#)
        let events = try (0..<2).map { _ in try EventStream(service.client()) }
        let all = try samples(service.client())
        #expect(all["accrue_event_readers"] == 2)
        #expect(all["accrue_events_dropped_total"] == 0)
        withExtendedLifetime(events) {}
    }

    @Test func aTokenForReadingIsNeededWhereTokensAre() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-\(UUID().uuidString)").path
        defer { unlink(path) }
        let token = "r-0123456789abcdefghij"
        try Data("read \(token)\n".utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o600)
        let service = try TestService { $0.access.tokenFile = path }
        let client = service.client()
        #expect(try client.send("GET", "/metrics").status == 401)
        try client.write(Array("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\r\n".utf8))
        #expect(try client.readReply().status == 200)
    }
}
