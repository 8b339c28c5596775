import AnalyticLearning
import Concurrency
import Foundation
import LinearAlgebra
import Storage
import StorageTestSupport
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Each step of each change fails in turn: a refused change has changed nothing in memory, on disk, or later.
@Suite struct RefusedChangeTests {
    /// Allocations fail on one thread, which therefore must do all the work.
    private let models = KeptModels(workerThreads: 1)

    /// A call that changes the model, and what must precede a repetition.
    private struct Step {
        var name: String
        var request: (_ round: Int) -> (method: String, path: String, body: [UInt8], type: String)
        var before: [(path: String, body: [UInt8])] = []
    }

    /// Everything observable of a model: its state, its details except counters of attempts, its memory, its files.
    private struct Whole {
        var snapshot: EditedSnapshot
        var details: [String]
        var reserved: Int
        var files: [String: [UInt8]]
        var answer: String
    }

    private static let first = Bodies.learn([[1, 0, 0], [0, 1, 0], [0, 1, 1]], ["a", "b", "b"])

    private func whole(_ service: KeptService) throws -> Whole {
        let client = service.client()
        let details = try client.send("GET", "/v1/models/m")
        var files: [String: [UInt8]] = [:]
        for name in models.files() {
            files[name] = Array(FileManager.default.contents(atPath: "\(models.path)/models/m/\(name)") ?? Data())
        }
        return Whole(
            snapshot: try EditedSnapshot(try client.send("GET", "/v1/models/m/snapshot").body),
            details: ["version", "samples", "classes", "config", "evaluation", "calibration", "memory_bytes", "learning_stopped"].map {
                details[$0].description
            }, reserved: service.reservedBytes, files: files,
            answer: try client.send("POST", "/v1/models/m/learn", Self.first, key: "first").text)
    }

    /// Another model's snapshot, with one new and one known class.
    private func otherSnapshot(_ service: KeptService) throws -> [UInt8] {
        let client = service.client()
        try client.send("PUT", "/v1/models/other", #"{"dimension":3,"ridge":2,"sketch_rank":2}"#)
        try client.send("POST", "/v1/models/other/learn", Bodies.learn([[3, 1, 1], [1, 1, 4]], ["a", "other"]))
        defer { _ = try? client.send("DELETE", "/v1/models/other") }
        return try client.send("GET", "/v1/models/other/snapshot").body
    }

    private func steps(_ snapshot: [UInt8]) -> [Step] {
        let json = "application/json"
        // Each ends with a checkpoint: rows that were only logged come back with different rounding.
        let settle = (path: "/v1/models/m/unlearn", body: Bodies.learn([[5, 5, 5]], ["spare"]))
        let learnSpare = (path: "/v1/models/m/learn", body: Bodies.learn([[5, 5, 5]], ["spare"]))
        return [
            Step(name: "ridge") { ("PATCH", "/v1/models/m", Array(#"{"ridge":\#(0.5 + Double($0))}"#.utf8), json) },
            Step(name: "both") {
                let kind = $0 % 2 == 0 ? #"{"kind":"reweight"}"# : #"{"kind":"none"}"#
                return ("PATCH", "/v1/models/m", Array(#"{"ridge":\#(0.7 + Double($0)),"imbalance":\#(kind)}"#.utf8), json)
            },
            Step(name: "rename") {
                let names = $0 % 2 == 0 ? ("a", "z") : ("z", "a")
                return ("PATCH", "/v1/models/m/classes/\(names.0)", Array(#"{"label":"\#(names.1)"}"#.utf8), json)
            },
            Step(name: "unlearn", request: { _ in ("POST", "/v1/models/m/unlearn", learnSpare.body, json) }, before: [learnSpare]),
            Step(
                name: "delete class", request: { _ in ("DELETE", "/v1/models/m/classes/gone", [], json) },
                before: [("/v1/models/m/learn", Bodies.learn([[1, 2, 2]], ["gone"])), learnSpare, settle]),
            Step(name: "merge") { _ in ("POST", "/v1/models/m/merge", snapshot, "application/vnd.safetensors") },
            Step(name: "learn") {
                ("POST", "/v1/models/m/learn", Bodies.learn([[1, 1, Double($0)], [2, 0, 1]], ["new\($0)", "b"]), json)
            },
        ]
    }

    /// A model with a remembered answer and an empty log.
    private func start(_ disk: FaultyFileSystem) throws -> (KeptService, [Step]) {
        let service = try models.start(fileSystem: disk)
        let steps = steps(try otherSnapshot(service))
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":3,"ridge":0.1,"sketch_rank":2}"#)
        #expect(try client.send("POST", "/v1/models/m/learn", Self.first, key: "first").status == 200)
        return (service, steps)
    }

    /// Repeats a step until nothing fails in it any more.
    ///
    /// - Parameters:
    ///   - arm: makes the step with this number fail, from the next request on.
    ///   - disarm: returns whether it has failed.
    private func walk(
        _ step: Step, _ service: inout KeptService, _ arm: (Int, KeptService) throws -> Void, _ disarm: (Int, KeptService) throws -> Bool,
        restart: () throws -> KeptService
    ) throws -> Int {
        var (round, index, refusals) = (0, 0, 0)
        var isReady = false
        while true {
            let client = service.client()
            if !isReady {
                for (path, body) in step.before { #expect(try client.send("POST", path, body).status == 200, "\(step.name): \(path)") }
                isReady = true
            }
            let before = try whole(service)
            let request = step.request(round)
            try arm(index, service)
            let reply = try client.send(request.method, request.path, request.body, contentType: request.type)
            let hasFailed = try disarm(index, service)
            let comment = "\(step.name), \(index): \(reply.status) \(reply.text)"
            switch reply.status {
            case 200, 500:
                #expect(reply.status == 200 || reply.problemDetail.contains("older files"), "\(comment)")
                round += 1
                isReady = false
            case 503 where reply.problemDetail.contains("unknown"):
                service.stop()
                service = try restart()
                // It happened or not.
                let details = try service.client().send("GET", "/v1/models/m")
                if details["version"].description != before.details[0] {
                    round += 1
                    isReady = false
                }
            default:
                refusals += 1
                #expect([503, 507].contains(reply.status), "\(comment)")
                let after = try whole(service)
                expectSame(after.snapshot, before.snapshot, comment)
                #expect(after.details == before.details && after.answer == before.answer, "\(comment)")
                #expect(after.reserved == before.reserved, "\(comment)")
                #expect(after.files == before.files, "\(comment): \(after.files.keys.sorted()) \(before.files.keys.sorted())")
            }
            guard hasFailed else { return refusals }
            index += 1
        }
    }

    /// Sums and counts to the bit; weights as close as another way of solving comes, if the state was rebuilt from its files.
    private func expectSame(_ one: EditedSnapshot, _ other: EditedSnapshot, _ comment: String) {
        #expect(one.labels == other.labels && one.names == other.names, "\(comment)")
        for key in ["version", "samples", "config"] { #expect(one.metadataValue(key) == other.metadataValue(key), "\(comment): \(key)") }
        for name in one.names where name != "weight" { #expect(one[name]?.bytes == other[name]?.bytes, "\(comment): \(name)") }
        let (x, y) = (one.elements("weight", as: Double.self), other.elements("weight", as: Double.self))
        #expect(x.count == y.count && zip(x, y).allSatisfy { abs($0 - $1) < 1e-12 }, "\(comment)")
    }

    private func expectRecovery(_ service: KeptService) throws {
        let learned = try service.client().send("POST", "/v1/models/m/learn", Bodies.learn([[4, 4, 4]], ["last"]))
        #expect(learned.status == 200)
        let before = try EditedSnapshot(try service.client().send("GET", "/v1/models/m/snapshot").body)
        service.stop()
        let after = try EditedSnapshot(try models.start().client().send("GET", "/v1/models/m/snapshot").body)
        #expect(after.labels == before.labels && after.metadataValue("version") == before.metadataValue("version"))
        for name in ["gram.packed_lower", "cross_moment", "class.count", "class.mean"] {
            #expect(after[name]?.bytes == before[name]?.bytes, "\(name)")
        }
    }

    @Test(arguments: 0..<7) func allocationsFailInTurn(step: Int) throws {
        var (service, steps) = try start(FaultyFileSystem(SystemFileSystem()))
        let refusals = try walk(
            steps[step], &service, { index, service in try service.model()?.enqueue(.call { _ in AllocationFault.fail(index) }) },
            { _, service in
                let report = Guarded(false)
                try service.model()?.enqueue(.call { _ in report.withLock { $0 = AllocationFault.heal() } })
                _ = try service.client().send("POST", "/v1/models/m/rebalance")
                return report.withLock { $0 }
            }, restart: { try models.start() })
        // The others allocate no matrices, or find room in existing ones.
        #expect(refusals > 0 || !["ridge", "both", "merge", "learn"].contains(steps[step].name))
        try expectRecovery(service)
    }

    @Test(arguments: 0..<7, [FaultyFileSystem.Operation.open, .write, .synchronizeData, .synchronize, .rename])
    func callsOfTheFileSystemFailInTurn(step: Int, operation: FaultyFileSystem.Operation) throws {
        let disk = FaultyFileSystem(SystemFileSystem())
        var (service, steps) = try start(disk)
        _ = try walk(
            steps[step], &service, { index, _ in disk.fail(operation, index, .error(operation == .write ? ENOSPC : EIO)) },
            { index, _ in
                defer { disk.heal() }
                return disk.count(operation) > index
            }, restart: { try models.start(fileSystem: disk) })
        try expectRecovery(service)
    }

    @Test func changeOfNothing_isAnsweredAndLeavesNoTrace() throws {
        let service = try models.start()
        let client = service.client()
        let configuration = #"{"dimension":2,"ridge":0.5,"imbalance":{"kind":"pseudo_features","noise":2,"cap":8,"seed":3}}"#
        try client.send("PUT", "/v1/models/m", configuration)
        try client.send("POST", "/v1/models/m/learn", Bodies.learn([[0, 1], [1, 0]], ["a", "b"]))
        #expect(service.wait { service.model()?.published?.balancedVersion == 1 })
        let details = try client.send("GET", "/v1/models/m")
        let files = models.bytes
        let events = service.model()?.events.newest
        for (method, path, body) in [
            ("PATCH", "/v1/models/m", #"{"ridge":0.5}"#), ("PUT", "/v1/models/m", configuration),
            ("PATCH", "/v1/models/m", #"{"imbalance":{"kind":"pseudo_features","noise":2,"cap":8,"seed":3},"ridge":0.5}"#),
            ("PATCH", "/v1/models/m/classes/a", #"{"label":"a"}"#),
        ] {
            let reply = try client.send(method, path, body)
            #expect(reply.status == 200 && reply["version"] == details["version"], "\(path) \(body): \(reply.text)")
        }
        #expect(models.bytes == files)
        #expect(service.model()?.events.newest == events)
        #expect(try client.send("GET", "/v1/models/m").textWithoutAges == details.textWithoutAges)
    }

    /// A busy refresh thread keeps a refresh waiting; it must still wait after a refused change.
    @Test func refusedChange_callsNoRefreshOff() throws {
        let service = try TestService()
        let client = ModelClient(service)
        let (begun, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        defer { ended.signal() }
        #expect(
            service.service.registry.context.balancePool.run(.writing) {
                begun.signal()
                ended.wait()
            })
        begun.wait()
        try client.create(#"{"dimension":2,"imbalance":{"kind":"pseudo_features"}}"#)
        try client.learn([[0, 0]], ["a"])
        let registered = try #require(service.service.registry.all.first { $0.name == "m" })
        let model = try #require(registered.configuration.estimatedBytes(classes: 1))
        let job = try #require(registered.configuration.estimatedBalanceBytes(classes: 1))
        #expect(service.wait { service.reservedBytes == model + job })
        let waiting = service.reservedBytes
        let refused = [
            try client.client.send("PATCH", client.path, #"{"ridge":3,"imbalance":{"kind":"reweight"}}"#),
            try client.client.send("PATCH", client.path + "/classes/none", #"{"label":"b"}"#),
            try client.client.send("DELETE", client.path + "/classes/none"),
            try client.client.send("POST", client.path + "/unlearn", Bodies.learn([[1, 1], [1, 1]], ["a", "a"])),
        ]
        #expect(refused.allSatisfy { $0.status >= 400 })
        #expect(service.reservedBytes == waiting)
        #expect(try client.client.send("PATCH", client.path, #"{"ridge":1}"#).status == 200)
        ended.signal()
        #expect(service.wait { (try? client.details())?["balanced_version"].int == 2 })
    }
}
