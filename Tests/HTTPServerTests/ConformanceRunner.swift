import Foundation
import Glibc

/// Runs one case against a server and judges the result.
struct ConformanceRunner {
    let port: UInt16
    let values: [String: String]
    let body: String
    /// Seconds to wait if no response may be right too.
    let patience: Double
    /// Seconds to wait for a required response or close.
    private let longPatience = 60.0
    /// Seconds to wait for a deadline of the server.
    let slowPatience: Double

    private struct Outcome {
        var early = false
        var beforeBody: String?
        var idle: [TestClient] = []
    }

    /// The error, or nil if the case passes.
    func run(_ test: ConformanceCase) -> String? {
        do {
            var client = try TestClient(port: port, methods: test.methods ?? [])
            var outcome = Outcome()
            for step in test.steps where !client.isClosed && client.reader.problem == nil {
                try perform(step, &client, &outcome)
            }
            if test.expect.alive_only != true { awaitResponses(test.expect, client) }
            let verdict = test.expect.alive_only == true ? nil : judge(test, client, outcome) ?? lint(test, client)
            guard verdict == nil else { return "\(verdict!) [\(describe(client))]" }
            return isAlive() ? nil : "the server answers no more"
        } catch {
            return "\(error)"
        }
    }

    private func perform(_ step: ConformanceCase.Step, _ client: inout TestClient, _ outcome: inout Outcome) throws {
        if let count = step.idle {
            let octets = ConformanceSuite.expand(step.idle_send ?? "", values)
            for _ in 0..<count {
                let other = try TestClient(port: port)
                other.send(octets)
                outcome.idle.append(other)
            }
            client = try TestClient(port: port)
        }
        if let text = step.send {
            let octets = ConformanceSuite.expand(text, values)
            if step.bytewise == true {
                for octet in octets {
                    client.send([octet])
                    usleep(1000)
                }
            } else {
                client.send(octets, whileReading: step.no_read != true)
            }
        }
        if let silence = step.silence_ms {
            let before = client.received
            client.readOnce(within: silence / 1000)
            outcome.early = outcome.early || client.received > before || client.isClosed
        }
        if let pause = step.pause_ms { usleep(UInt32(pause * 1000)) }
        if step.await != nil || step.await_any == true {
            let end = TestClient.now() + longPatience
            while TestClient.now() < end, !client.isClosed, client.reader.problem == nil {
                if client.reader.finals.count >= step.await ?? 1 { break }
                if step.await_any == true, !client.reader.interims.isEmpty { break }
                client.readOnce(within: 0.2)
            }
            if step.await_any == true {
                outcome.beforeBody = !client.reader.interims.isEmpty ? "interim" : client.reader.finals.isEmpty ? "nothing" : "final"
            }
        }
        if step.half_close == true { client.closeSending() }
        if step.rst == true { client.reset() }
        if let text = step.drip {
            let octets = ConformanceSuite.expand(text, values)
            let end = TestClient.now() + slowPatience
            while TestClient.now() < end, !client.isClosed, !client.sendFailed, client.reader.finals.isEmpty {
                client.send(octets)
                client.readOnce(within: (step.every_ms ?? 100) / 1000)
            }
        }
        if step.wait_slow == true { _ = client.readToEnd(patience: slowPatience) }
    }

    private func awaitResponses(_ expect: ConformanceCase.Expectation, _ client: TestClient) {
        let wanted = expect.responses_count ?? expect.responses?.count ?? 1
        let toTheEnd =
            expect.must_close == true || expect.must_close_on?.isEmpty == false || expect.max_responses != nil || expect.no_more == true
        let end = TestClient.now() + (expect.wait_ok == true ? patience : longPatience)
        while !client.isClosed, client.reader.problem == nil, TestClient.now() < end {
            if client.reader.finals.count >= wanted, !toTheEnd { break }
            client.readOnce(within: min(0.2, end - TestClient.now()))
        }
        if !client.isClosed { client.readOnce(within: 0.02) }
    }

    private func matches(_ tokens: [String], _ status: Int) -> Bool {
        tokens.contains { token in
            token == "any" || token == "ok" && status / 100 == 2 || token.hasSuffix("xx") && token.first == "\(status)".first
                || token == "\(status)"
        }
    }

    private func describe(_ client: TestClient) -> String {
        let statuses = (client.reader.interims + client.reader.finals.prefix(6)).map { "\($0.status)" }.joined(separator: " ")
        return "\(statuses) \(client.wasReset ? "reset" : client.isClosed ? "closed" : "open")"
    }

    private func judge(_ test: ConformanceCase, _ client: TestClient, _ outcome: Outcome) -> String? {
        let expect = test.expect
        let finals = client.reader.finals
        if let problem = client.reader.problem { return problem }
        if !client.reader.leftOver.isEmpty { return "stray octets behind the response" }
        if outcome.early { return "answered or closed before the request was whole" }
        for response in finals {
            if matches(expect.not_status ?? [], response.status) { return "status \(response.status) is forbidden here" }
            for name in expect.no_header ?? [] where response[name] != nil { return "\(name) in the response" }
            if let text = expect.not_in_body, response.text.contains(text) { return "the content gives away \(text)" }
            for name in expect.header_on?["\(response.status)"] ?? [] where response[name] == nil {
                return "\(response.status) without \(name)"
            }
        }
        if expect.interim == "forbidden", !client.reader.interims.isEmpty { return "an interim response" }
        if expect.interim == "required_or_final", outcome.beforeBody == "nothing" { return "no status before the content" }
        if let most = expect.max_responses, finals.count > most { return "\(finals.count) responses where \(most) may come" }
        return judgeStatuses(expect, client) ?? judgeRest(expect, client)
    }

    private func judgeStatuses(_ expect: ConformanceCase.Expectation, _ client: TestClient) -> String? {
        let finals = client.reader.finals
        if let wanted = expect.responses {
            for (index, tokens) in wanted.enumerated() {
                let mayEnd = index == 1 && expect.or_first_close == true && client.isClosed
                guard index < finals.count else { return mayEnd ? nil : "response \(index + 1) is missing" }
                if !matches(tokens, finals[index].status) { return "response \(index + 1) is \(finals[index].status)" }
            }
            return finals.count > wanted.count ? "\(finals.count) responses, not \(wanted.count)" : nil
        }
        guard let first = finals.first else {
            if client.isClosed { return expect.close_ok == true ? nil : "closed without a response" }
            return expect.wait_ok == true ? nil : "no response in time"
        }
        let allowed = (expect.status ?? ["any"]) + (expect.warn ?? [])
        if !matches(allowed, first.status) { return "status \(first.status)" }
        if let count = expect.responses_count {
            if finals.count != count { return "\(finals.count) responses, not \(count)" }
            if !finals.allSatisfy({ matches(expect.status ?? ["any"], $0.status) }) { return "another status among them" }
        }
        return nil
    }

    private func judgeRest(_ expect: ConformanceCase.Expectation, _ client: TestClient) -> String? {
        if expect.must_close == true, !client.isClosed { return "the connection stays open" }
        guard let first = client.reader.finals.first else { return nil }
        if matches(expect.must_close_on ?? [], first.status), !client.isClosed { return "\(first.status), but the connection stays open" }
        if expect.keepalive_said == true, !client.isClosed, first["connection"]?.lowercased() != "keep-alive" {
            return "kept open without saying so"
        }
        if let version = expect.http_version, first.version != version { return "says \(first.version)" }
        if expect.date == true, first["date"]?.hasSuffix(" GMT") != true { return "no Date" }
        if expect.same_length == true, client.reader.finals.count == 2,
            client.reader.finals[0]["content-length"] != client.reader.finals[1]["content-length"]
        {
            return "HEAD and GET differ in length"
        }
        if expect.echo == true, first.text != body { return "content is not echoed" }
        return nil
    }

    /// Requirements for every response, in any case.
    private func lint(_ test: ConformanceCase, _ client: TestClient) -> String? {
        for (index, response) in (client.reader.finals + client.reader.interims).enumerated() {
            if response.version != "HTTP/1.1" { return "a response says \(response.version)" }
            let isFinal = response.status >= 200
            if !isFinal || response.status == 204, response["content-length"] != nil || response["transfer-encoding"] != nil {
                return "framing fields in \(response.status)"
            }
            if isFinal, response.status < 500, response["date"] == nil { return "no Date in \(response.status)" }
            if response.status == 405, response["allow"] == nil { return "no Allow in 405" }
            let saysClose = response["connection"]?.lowercased() == "close"
            if response.framing == .close, !saysClose { return "a response is not delimited" }
            let ended = test.steps.contains { $0.half_close == true || $0.rst == true } || test.expect.slow == true
            if index == client.reader.finals.count - 1, client.isClosed, !client.wasReset, !saysClose, !ended {
                return "closed without saying so"
            }
        }
        return nil
    }

    private func isAlive() -> Bool {
        for _ in 0..<3 {
            if let client = try? TestClient(port: port),
                (try? client.exchange("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))?.status == 200
            {
                return true
            }
            usleep(100_000)
        }
        return false
    }
}
