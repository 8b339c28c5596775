import AnalyticLearning
import Concurrency
import Foundation
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Whatever is taken from a budget has an owner, and is returned with it.
@Suite struct BudgetTests {
    @Test func reservation_isGivenBackByItsOwner() {
        let budget = MemoryBudget(limit: 100)
        var one = Reservation(60, of: budget)
        #expect(one != nil && Reservation(41, of: budget) == nil && budget.used == 60)
        #expect(one?.resize(to: 101) == false && one?.bytes == 60)
        #expect(one?.resize(to: .max) == false && one?.resize(to: -1) == false)
        #expect(one?.resize(to: 10) == true && budget.used == 10)
        one?.settle(at: 120)
        // Even if more is held than the limit, less can always be had.
        #expect(one?.resize(to: 110) == true && budget.used == 110)
        let other = Reservation(of: budget)
        #expect(!other.resize(to: 1) && other.bytes == 0)
        one = nil
        #expect(budget.used == 0)
        #expect(other.resize(to: 100))
        other.giveBack()
        other.giveBack()
        #expect(budget.used == 0)
    }

    /// There is room for the model with half as many more classes, but not for two rounds of them.
    @Test func classesLearnedAndDeletedAgainAndAgain_stayAccepted() throws {
        let configuration = ModelConfiguration(dimension: 32)
        let classes = 40
        let limit = try #require(configuration.estimatedBytes(classes: classes * 3 / 2))
        let service = try TestService { $0.host.maximumMemory = limit }
        let client = ModelClient(service)
        #expect(try client.create(#"{"dimension":32}"#).status == 201)
        let resting = service.reservedBytes
        for round in 0..<20 {
            let labels = (0..<classes).map { "c\(round)-\($0)" }
            let features = (0..<classes).map { row in (0..<32).map { Double(($0 * row) % 7) } }
            #expect(try client.learn(features, labels).status == 200, "round \(round)")
            #expect(service.reservedBytes == configuration.estimatedBytes(classes: classes))
            for label in labels { #expect(try client.client.send("DELETE", client.path + "/classes/\(label)").status == 200) }
            #expect(service.reservedBytes == resting)
        }
        try client.delete()
        #expect(service.reservedBytes == 0)
    }

    /// Random calls, some refused: a model holds exactly its memory at every moment, and nothing once it is deleted.
    @Test(arguments: 0..<6) func randomHistories_addUpToZero(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let models = KeptModels()
        let kept = try seed % 2 == 0 ? models.start() : nil
        let inMemory = try kept == nil ? TestService() : nil
        let service = kept?.service ?? inMemory!.service
        let client = kept?.client() ?? inMemory!.client()
        let budget = service.registry.context.budget
        let imbalances = [#"{"kind":"none"}"#, #"{"kind":"pseudo_features"}"#, #"{"kind":"reweight"}"#]
        var snapshots: [[UInt8]] = []
        func row() -> [Double] { (0..<4).map { _ in Double(Int.random(in: -3...3, using: &random)) } }
        for _ in 0..<150 {
            let path = "/v1/models/m\(Int.random(in: 0..<2, using: &random))"
            let label = "c\(Int.random(in: 0..<9, using: &random))"
            let type = "application/vnd.safetensors"
            switch Int.random(in: 0..<14, using: &random) {
            case 0...1:
                let rank = Int.random(in: 0...1, using: &random)
                let imbalance = imbalances[Int.random(in: 0...rank, using: &random)]
                try client.send("PUT", path, #"{"dimension":4,"sketch_rank":\#(rank),"imbalance":\#(imbalance)}"#)
            case 2...5: try client.send("POST", path + "/learn", Bodies.learn([row(), row()], [label, "d" + label]))
            case 6: try client.send("POST", path + "/unlearn", Bodies.learn([row()], [label]))
            case 7: try client.send("DELETE", path + "/classes/\(label)")
            case 8: try client.send("PATCH", path + "/classes/\(label)", #"{"label":"e\#(label)"}"#)
            case 9:
                let ridge = ["0.1", "0.5", "5e-324", "-1"].randomElement(using: &random)!
                try client.send("PATCH", path, #"{"ridge":\#(ridge),"imbalance":\#(imbalances.randomElement(using: &random)!)}"#)
            case 10: try client.send("POST", path + "/rebalance")
            case 11:
                let reply = try client.send("GET", path + "/snapshot")
                if reply.status == 200 { snapshots.append(reply.body) }
            case 12:
                guard let snapshot = snapshots.randomElement(using: &random) else { continue }
                if Bool.random(using: &random) {
                    try client.send("PUT", path + "/snapshot", snapshot, contentType: type)
                } else {
                    try client.send("POST", path + "/merge", snapshot, contentType: type)
                }
            default: if Int.random(in: 0..<4, using: &random) == 0 { try client.send("DELETE", path) }
            }
        }
        // Running refreshes hold their memory until they end.
        func held() -> Int {
            service.registry.all.reduce(0) { sum, model in
                let published = model.published
                return sum + (published.flatMap { $0.configuration.estimatedBytes(classes: $0.classCount) } ?? 0)
            }
        }
        var isSettled = false
        for _ in 0..<60_000 where !isSettled {
            isSettled = budget.used == held()
            if !isSettled { usleep(1000) }
        }
        #expect(isSettled, "\(budget.used) reserved, \(held()) held")
        for model in service.registry.all { try client.send("DELETE", "/v1/models/\(model.name)") }
        for _ in 0..<60_000 where budget.used != 0 { usleep(1000) }
        #expect(budget.used == 0)
        // An answer may arrive before its sending thread releases the file it was made from.
        let spools = service.registry.context.spools
        func spooled() -> [Int] { Lane.allCases.flatMap { [spools.disk[$0].used, spools.files[$0].used] } }
        for _ in 0..<60_000 where spooled().contains(where: { $0 != 0 }) { usleep(1000) }
        #expect(spooled().allSatisfy { $0 == 0 }, "bytes and files of each lane: \(spooled())")
    }
}
