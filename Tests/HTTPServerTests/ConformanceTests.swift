import Concurrency
import Foundation
import Synchronization
import Testing

@testable import HTTPServer

/// The cases of `h1_cases.json` against a server in this process.
@Suite struct ConformanceTests {
    private static let body = "hello"

    private static func router() -> Router {
        var router = Router()
        router.on(.get, "/healthz") { _, responder in responder.send(.ok, "ok") }
        router.on(.post, "/echo") { request, responder in
            let bytes = request.withBody { Array($0) }
            responder.send(Response(.ok, contentType: "application/octet-stream", bytes: bytes))
        }
        return router
    }

    /// Runs the cases on several threads, since they mostly wait, and records every failure.
    private func run(_ cases: [ConformanceCase], _ suite: ConformanceSuite, port: UInt16, threads: Int) {
        let values = suite.values(port: port, get: "/healthz", post: "/echo", body: Self.body)
        let runner = ConformanceRunner(port: port, values: values, body: Self.body, patience: 2, slowPatience: 60)
        let failures = Guarded<[String]>([])
        let next = Atomic<Int>(0)
        let group = DispatchGroup()
        for _ in 0..<threads {
            group.enter()
            Thread {
                while true {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    guard index < cases.count else { break }
                    let test = cases[index]
                    if let problem = runner.run(test) {
                        failures.withLock { $0.append("\(test.id) (\(test.name)): \(problem)") }
                    }
                }
                group.leave()
            }.start()
        }
        group.wait()
        for failure in failures.withLock({ $0 }) { Issue.record("\(failure)") }
    }

    @Test func everyCaseWithoutDeadlinesPasses() throws {
        let suite = try ConformanceSuite.load()
        #expect(suite.cases.count == 267)
        let running = try RunningServer(Self.router())
        let cases = suite.cases.filter { $0.expect.slow != true }
        run(cases.filter { !$0.isHeavy }, suite, port: running.port, threads: 16)
        run(cases.filter(\.isHeavy), suite, port: running.port, threads: 1)
    }

    @Test func everyCaseOfADeadlinePasses() throws {
        let suite = try ConformanceSuite.load()
        let running = try RunningServer(Self.router()) {
            $0.headerDeadline = 2
            $0.bodyDeadline = 2
            $0.idleTimeout = 2
        }
        let cases = suite.cases.filter { $0.expect.slow == true }
        #expect(!cases.isEmpty)
        run(cases, suite, port: running.port, threads: 8)
    }
}
