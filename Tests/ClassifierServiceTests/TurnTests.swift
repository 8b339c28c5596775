import AnalyticLearning
import Foundation
internal import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// Predictions that arrive together are scored together: with the answers of each alone.
@Suite struct TurnTests {
    private static func rows(_ count: Int, _ dimension: Int, seed: UInt64) -> [[Double]] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in (0..<dimension).map { _ in Double(Float(generator.normal())) } }
    }

    /// A service with one event loop and models whose rows are worth scoring together, on the loop and on compute threads.
    private static func service() throws -> TestService {
        let service = try TestService { $0.server.eventLoops = 1 }
        for (name, config, dimension) in [
            ("mapped", #"{"dimension":64,"feature_map":{"kind":"random_relu","width":1100,"seed":3}}"#, 64),
            ("plain", #"{"dimension":1200,"imbalance":{"kind":"reweight"}}"#, 1200),
            ("wide", #"{"dimension":1100,"feature_map":{"kind":"random_relu","width":2000,"seed":3}}"#, 1100),
        ] {
            let model = ModelClient(service, name)
            #expect(try model.create(config).status == 201)
            let labels = (0..<120).map { "class \($0 % 60)" }
            #expect(try model.learn(rows(120, dimension, seed: 5), labels).status == 200)
        }
        return service
    }

    private struct Call: Sendable {
        let path: String
        let body: [UInt8]
    }

    private static func calls() -> [Call] {
        var calls: [Call] = []
        for (name, dimension) in [("mapped", 64), ("plain", 1200), ("wide", 1100)] {
            for index in 0..<4 {
                let body = Bodies.predict(rows(1 + index % 2, dimension, seed: UInt64(20 + index)), top: index == 3 ? 40 : nil)
                calls.append(Call(path: "/v1/models/\(name)/predict", body: body))
                let query = index == 1 ? "?weights=plain&novelty=true" : index == 2 ? "?novelty=true" : ""
                calls.append(Call(path: "/v1/models/\(name)/predict\(query)", body: body))
                let data = rows(1, dimension, seed: UInt64(40 + index))[0].map { "\($0)" }.joined(separator: ",")
                let outputs = index == 2 ? #","outputs":[{"name":"label"},{"name":"novelty"}]"# : ""
                let infer = """
                    {"id":"\(name) \(index)","inputs":[{"name":"features","datatype":"FP32","shape":[1,\(dimension)],"data":[\(data)]}]\(outputs)}
                    """
                calls.append(Call(path: "/v2/models/\(name)/infer", body: Array(infer.utf8)))
            }
            // Refused, and beyond Float32.
            calls.append(Call(path: "/v1/models/\(name)/predict", body: Array(#"{"features":[[1,2]]}"#.utf8)))
            calls.append(Call(path: "/v1/models/\(name)/predict", body: Bodies.predict([[Double](repeating: 1e40, count: dimension)])))
            calls.append(Call(path: "/v1/models/\(name)/predict", body: Bodies.predict([[Double](repeating: 3e38, count: dimension)])))
        }
        return calls
    }

    @Test func answersAreThoseOfEachAlone() throws {
        let service = try Self.service()
        let calls = Self.calls()
        let alone = try calls.map { try service.client().send("POST", $0.path, $0.body) }
        #expect(alone.filter { $0.status == 400 }.count == 3 && alone.filter { $0.status == 200 }.count == calls.count - 3)
        try onThreads(24) { thread in
            let client = service.client()
            for round in 0..<12 {
                let index = (thread * 7 + round * 5) % calls.count
                let reply = try client.send("POST", calls[index].path, calls[index].body)
                #expect(reply.status == alone[index].status && reply.text == alone[index].text, "\(calls[index].path)")
            }
        }
    }

    /// Answers tell in their order that they were made by groups: alone, requests are answered as they arrive.
    @Test func requestsOfOneTurn_areAnsweredByGroups() throws {
        let (held, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let answered = Collected<String>()
        let service = try TestService { configuration in
            configuration.server.eventLoops = 1
            configuration.server.accessObserver = { record in
                answered.append(String(decoding: record.path, as: UTF8.self))
                guard record.pattern == "/healthz" else { return }
                held.signal()
                release.wait()
            }
        }
        for name in ["a", "b"] {
            let model = ModelClient(service, name)
            #expect(try model.create(#"{"dimension":700}"#).status == 201)
            #expect(try model.learn(Self.rows(100, 700, seed: 5), (0..<100).map { "\($0)" }).status == 200)
        }
        let row = Self.rows(1, 700, seed: 9)
        let data = row[0].map { "\($0)" }.joined(separator: ",")
        let infer = Array(#"{"inputs":[{"name":"features","datatype":"FP32","shape":[1,700],"data":[\#(data)]}]}"#.utf8)
        let calls = (0..<3).flatMap { _ in
            ["a", "b"].flatMap { [("/v1/models/\($0)/predict", Bodies.predict(row)), ("/v2/models/\($0)/infer", infer)] }
        }
        let clients = try calls.map { _ in
            let client = service.client()
            let status = try client.send("GET", "/v1/models").status
            #expect(status == 200)
            return client
        }
        let holder = service.client()
        try holder.begin("GET", "/healthz")
        held.wait()
        let before = answered.all.count
        for (client, call) in zip(clients, calls) { try client.begin("POST", call.0, call.1) }
        release.signal()
        #expect(try holder.readReply().status == 200)
        for client in clients { #expect(try client.readReply().status == 200) }
        let groups = ["/v1/models/a/predict", "/v1/models/b/predict", "/v2/models/a/infer", "/v2/models/b/infer"]
        #expect(Array(answered.all[before...]) == groups.flatMap { [$0, $0, $0] })
    }

    @Test func manyRowsDoNotStarveSingleOnes_norSingleOnesMany() throws {
        let service = try Self.service()
        let many = Bodies.predict(Self.rows(64, 64, seed: 7))
        let single = Bodies.predict(Self.rows(1, 64, seed: 8))
        let expected = try [many, single].map { try service.client().send("POST", "/v1/models/mapped/predict", $0).text }
        // Each kind of client goes on until one of the other kind has had ten answers.
        let flags = [Flag(), Flag()]
        try onThreads(8) { thread in
            let kind = thread % 2
            let client = service.client()
            for round in 0... {
                let reply = try client.send("POST", "/v1/models/mapped/predict", kind == 0 ? many : single)
                #expect(reply.status == 200 && reply.text == expected[kind])
                if round >= 10 { flags[kind].raise() }
                if round >= 10, flags[1 - kind].isRaised { break }
            }
        }
    }

    @Test func groups_keepTheirBounds() throws {
        var classifiers: [Scorer] = []
        for dimension in [700, 2000] {
            let classifier = try Classifier(ModelConfiguration(dimension: dimension))
            let rows = Self.rows(100, dimension, seed: 1)
            try classifier.learn(features: rows.flatMap { $0 }, labels: (0..<100).map { "\($0)" })
            classifiers.append(try #require(classifier.publish()?.scorer()))
        }
        let turn = TurnGroups<Int>()
        let row = [Float](repeating: 1, count: 2000)
        #expect(!turn.answerFirst { _, _ in Issue.record("nothing waits") })
        #expect(!turn.mayJoin(classifiers[1], rows: TurnLimits.rows + 1, values: 2000))
        #expect(!turn.mayJoin(classifiers[1], rows: 1, values: TurnLimits.values + 1))
        var joined = 0
        while turn.mayJoin(classifiers[1], rows: 1, values: 2000) {
            turn.join(joined, classifiers[1], rows: 1, row)
            joined += 1
        }
        #expect(joined == TurnLimits.values / 2000)
        var answered: [Int] = []
        while turn.answerFirst({ group, scorer in
            #expect(scorer.weights === classifiers[1].weights && group.members.count <= TurnLimits.rows)
            #expect(group.features.count == group.members.count * 2000)
            answered += group.members.map(\.member)
        }) {}
        #expect(answered == Array(0..<joined))
        // The next turn begins empty; groups of other weights are apart.
        turn.join(1, classifiers[0], rows: 2, Array(row[..<1400]))
        turn.join(2, classifiers[1], rows: 1, row)
        turn.join(3, classifiers[0], rows: 1, Array(row[..<700]))
        var groups: [[Int]] = []
        while turn.answerFirst({ group, _ in groups.append(group.members.map(\.member)) }) {}
        #expect(groups == [[1, 3], [2]])
    }

    @Test func waitingPredictions_areTakenOnce() throws {
        var scorers: [Scorer] = []
        for dimension in [3, 4] {
            let classifier = try Classifier(ModelConfiguration(dimension: dimension))
            try classifier.learn(features: [Double](repeating: 1, count: dimension), labels: ["a"])
            scorers.append(try #require(classifier.publish()?.scorer()))
        }
        let waiting = WaitingPredictions<Int>()
        let numbers = (0..<6).map { waiting.add($0, scorers[$0 % 2], rows: 1, [Float](repeating: 0, count: 3 + $0 % 2)) }
        #expect(waiting.take(numbers[2]).map(\.member) == [2, 0, 4])
        #expect(waiting.take(numbers[0]).isEmpty && !waiting.withdraw(numbers[4]))
        #expect(waiting.withdraw(numbers[1]))
        #expect(waiting.take(numbers[3]).map(\.member) == [3, 5])
        // No product has more rows than one thread does at once.
        let large = (0..<5).map { waiting.add($0, scorers[0], rows: 30, [Float](repeating: 0, count: 90)) }
        #expect(waiting.take(large[4]).map(\.member) == [4, 0])
    }
}
