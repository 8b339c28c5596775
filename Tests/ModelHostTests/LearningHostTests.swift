import AnalyticLearning
import Concurrency
import Foundation
import Storage
import StorageTestSupport
import Testing

@testable import ModelHost

/// The host as a library: no socket is open, and none can be, for the target does not know of any.
@Suite struct LearningHostTests {
    private static let dimension = 4

    private func rows(_ count: Int, from seed: Int) -> (features: [Double], labels: [Label]) {
        let features = (0..<(count * Self.dimension)).map { Double(($0 * 37 + seed * 11) % 17 - 8) }
        return (features, (0..<count).map { Label(stringLiteral: "c\(($0 + seed) % 3)") })
    }

    /// The scores of the joint ridge regression over all rows, by Gauss's elimination.
    private func joint(_ features: [Double], _ labels: [Label], ridge: Double, of row: [Double]) -> [Label: Double] {
        let (d, classes) = (Self.dimension, Set(labels).sorted())
        var system = (0..<d).map { i in (0..<(d + classes.count)).map { i == $0 ? ridge : 0 } }
        for (n, label) in labels.enumerated() {
            let x = features[(n * d)..<((n + 1) * d)].map { $0 }
            for i in 0..<d {
                for j in 0..<d { system[i][j] += x[i] * x[j] }
                system[i][d + classes.firstIndex(of: label)!] += x[i]
            }
        }
        // The matrix is positive definite: every pivot is.
        for pivot in 0..<d {
            for i in 0..<d where i != pivot {
                let factor = system[i][pivot] / system[pivot][pivot]
                for j in pivot..<(d + classes.count) { system[i][j] -= factor * system[pivot][j] }
            }
        }
        return Dictionary(
            uniqueKeysWithValues: classes.enumerated().map { c, label in
                (label, (0..<d).reduce(0) { $0 + row[$1] * system[$1][d + c] / system[$1][$1] })
            })
    }

    private func expectJoint(_ host: LearningHost, _ all: (features: [Double], labels: [Label])) throws {
        for n in 0..<4 {
            let row = Array(all.features[(n * Self.dimension)..<((n + 1) * Self.dimension)])
            let scores = joint(all.features, all.labels, ridge: 0.5, of: row)
            let best = try #require(scores.max { $0.value < $1.value })
            let found = try #require(try host.predict("m", features: row.map(Float.init)).first)
            #expect(abs(Double(found.score) - best.value) < 1e-5 && abs((scores[found.label] ?? 9) - best.value) < 1e-9)
        }
    }

    @Test func whatWasAcknowledged_isThereAfterAKill_andRepeatsChangeNothing() async throws {
        let directory = TestDirectory()
        let host = try directory.open()
        try await host.createModel("m", ModelConfiguration(dimension: Self.dimension, ridge: 0.5))
        let (first, second) = (rows(20, from: 1), rows(9, from: 2))
        let answer = try await host.learn("m", features: first.features, labels: first.labels, key: "a")
        #expect(answer.version == 1 && answer.rows == 20 && answer.samples == 20 && answer.newClasses.count == 3)
        #expect(answer.accuracyBefore == nil)
        try await host.learn("m", features: second.features, labels: second.labels)
        let all = (features: first.features + second.features, labels: first.labels + second.labels)
        try expectJoint(host, all)

        let killed = try directory.copy()
        #expect(throws: StorageError.self) { try directory.open() }
        let again = try killed.open()
        #expect(again.modelNames == ["m"])
        #expect(try again.state(of: "m").samples == 29)
        try expectJoint(again, all)
        let repeated = try await again.learn("m", features: first.features, labels: first.labels, key: "a")
        #expect(repeated.version == 1 && repeated.samples == 20)
        #expect(try again.state(of: "m").samples == 29)
        await #expect(throws: ModelError.self) { try await again.learn("m", features: second.features, labels: second.labels, key: "a") }

        try await again.unlearn("m", features: second.features, labels: second.labels)
        try expectJoint(again, first)
        #expect(again.stop(within: 60) && host.stop(within: 60))
        // Both directories are free, and the second knows what was taken out.
        let last = try killed.open()
        #expect(try last.state(of: "m").samples == 20)
        try await last.deleteModel("m")
        #expect(last.modelNames.isEmpty)
        #expect(last.stop(within: 60))
        #expect(try directory.open().modelNames == ["m"])
    }

    @Test func manyTasksLearnAtOnce() async throws {
        let directory = TestDirectory()
        let host = try directory.open()
        try await host.createModel("m", ModelConfiguration(dimension: Self.dimension, ridge: 0.5))
        let batches = (0..<24).map { rows(5, from: $0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for batch in batches {
                group.addTask { try await host.learn("m", features: batch.features, labels: batch.labels) }
            }
            try await group.waitForAll()
        }
        try expectJoint(host, (batches.flatMap(\.features), batches.flatMap(\.labels)))
        host.stop(within: 60)
        withExtendedLifetime(directory) {}
        // Whoever comes too late is told.
        await expect(.unavailable, "has been stopped") {
            try await host.learn("m", features: batches[0].features, labels: batches[0].labels)
        }
        await expect(.unavailable, "has been stopped") { try await host.createModel("n", ModelConfiguration(dimension: 2)) }
    }

    private func expect(_ kind: ModelError.Kind, _ detail: String, _ body: () async throws -> Void) async {
        let error = await #expect(throws: ModelError.self) { try await body() }
        #expect(error?.kind == kind && error?.detail.contains(detail) == true, "\(error?.detail ?? "")")
    }

    @Test func whatCannotBe_isRefusedWithItsReason_andChangesNothing() async throws {
        let host = try LearningHost(
            {
                var configuration = HostConfiguration()
                configuration.computeThreads = 1
                configuration.maximumMemory = 1 << 20
                return configuration
            }())
        try await host.createModel("m", ModelConfiguration(dimension: 2))
        try await host.createModel("m", ModelConfiguration(dimension: 2))
        await expect(.conflict, "already exists") { try await host.createModel("m", ModelConfiguration(dimension: 3)) }
        await expect(.invalid, "name must match") { try await host.createModel("-", ModelConfiguration(dimension: 3)) }
        await expect(.invalid, "dimension") { try await host.createModel("n", ModelConfiguration(dimension: 0)) }
        await expect(.impossible, "limit for all models") { try await host.createModel("n", ModelConfiguration(dimension: 4096)) }
        await expect(.conflict, "no classes yet") { _ = try host.predict("m", features: [1, 2]) }
        await expect(.invalid, "expected a multiple of 2") { try await host.learn("m", features: [1, 2, 3], labels: ["a"]) }
        await expect(.invalid, "2 labels, expected 1") { try await host.learn("m", features: [1, 2], labels: ["a", "b"]) }
        await expect(.invalid, "features[1][0] is nan") { try await host.learn("m", features: [1, 2, .nan, 3], labels: ["a", "b"]) }
        await expect(.invalid, "a key must be") { try await host.learn("m", features: [1, 2], labels: ["a"], key: "") }
        await expect(.unknown, "no model named \"x\"") { try await host.learn("x", features: [1, 2], labels: ["a"]) }
        await expect(.impossible, "does not know") { try await host.unlearn("m", features: [1, 2], labels: ["a"]) }
        await expect(.unknown, "no model named \"x\"") { try await host.deleteModel("x") }
        #expect(try host.state(of: "m").version == 0 && host.modelNames == ["m"])
        try await host.learn("m", features: [1, 2], labels: ["a"])
        await expect(.invalid, "features[0][1] is inf") { _ = try host.predict("m", features: [1, .infinity]) }
        host.stop(within: 60)
    }

    @Test func unlearningUnderAKey_isDoneOnce() async throws {
        let directory = TestDirectory()
        let host = try directory.open()
        try await host.createModel("m", ModelConfiguration(dimension: 1))
        try await host.learn("m", features: [1, 1, 2], labels: ["a", "a", "b"])
        for _ in 0..<3 { try await host.unlearn("m", features: [1], labels: ["a"], key: "k") }
        #expect(try host.state(of: "m").samples == 2)
        await expect(.impossible, "different request") { try await host.unlearn("m", features: [2], labels: ["b"], key: "k") }
        host.stop(within: 60)
        let again = try directory.open()
        try await again.unlearn("m", features: [1], labels: ["a"], key: "k")
        #expect(try again.state(of: "m").samples == 2)
        again.stop(within: 60)
    }

    /// A caller can tell what was refused from what nobody knows.
    @Test func whatMayHaveHappenedAllTheSame_isSaid() async throws {
        let directory = TestDirectory()
        let disk = FaultyFileSystem(SystemFileSystem())
        var configuration = HostConfiguration()
        configuration.durability = DurabilityConfiguration(directory: directory.path)
        configuration.computeThreads = 1
        let waiting = Lane.Pair(writing: MemoryBudget(limit: 1 << 20), reading: MemoryBudget(limit: 1 << 20))
        let host = try LearningHost(configuration, fileSystem: disk, log: Log(isSilent: true), waiting: waiting, onNews: nil)
        try host.open()()
        try await host.createModel("m", ModelConfiguration(dimension: 1))
        disk.fail(.write, 0, .shortThenFull)
        let full = await #expect(throws: ModelError.self) { try await host.learn("m", features: [1], labels: ["a"], key: "k") }
        #expect(full?.kind == .outOfSpace && full?.mayHaveChanged == false)
        disk.heal()
        disk.fail(.synchronizeData, 0, .error(EIO))
        let unknown = await #expect(throws: ModelError.self) { try await host.learn("m", features: [1], labels: ["a"], key: "k") }
        #expect(unknown?.kind == .unavailable && unknown?.mayHaveChanged == true)
        disk.heal()
        #expect(try host.condition(of: "m") != .ready)
        let refused = await #expect(throws: ModelError.self) { try await host.learn("m", features: [1], labels: ["a"], key: "k") }
        #expect(refused?.mayHaveChanged == false)
        host.stop(within: 60)
        // The same key makes it once, whatever had happened.
        let again = try directory.open()
        try await again.learn("m", features: [1], labels: ["a"], key: "k")
        #expect(try again.state(of: "m").samples == 1 && again.condition(of: "m") == .ready)
        again.stop(within: 60)
    }

    /// Every model that was acknowledged is there when the next host opens the directory, and no other host's files are touched.
    @Test(arguments: 0..<10) func modelsThatAreMadeWhileTheHostStops_areThereOrRefused(round: Int) async throws {
        let directory = TestDirectory()
        let host = try directory.open()
        let made = await withTaskGroup(of: String?.self) { group in
            for index in 0..<16 {
                group.addTask {
                    do {
                        try await host.createModel("m\(index)", ModelConfiguration(dimension: 2))
                        return "m\(index)"
                    } catch { return nil }
                }
            }
            group.addTask {
                usleep(UInt32(round) * 300)
                #expect(host.stop(within: 600))
                return nil
            }
            return await group.reduce(into: Set<String>()) { if let name = $1 { $0.insert(name) } }
        }
        let again = try directory.open()
        #expect(Set(again.modelNames).isSuperset(of: made))
        for name in again.modelNames { #expect(try again.condition(of: name) == .ready) }
        again.stop(within: 600)
    }

    /// A host that is dropped lets its directory go, with its models.
    @Test func aHostThatNobodyStops_endsByItself() async throws {
        let directory = TestDirectory()
        do {
            let host = try directory.open()
            try await host.createModel("m", ModelConfiguration(dimension: 1))
            try await host.learn("m", features: [1], labels: ["a"])
        }
        var host: LearningHost?
        for _ in 0..<60_000 where host == nil {
            host = try? directory.open()
            if host == nil { try await Task.sleep(nanoseconds: 1_000_000) }
        }
        #expect(try host?.state(of: "m").samples == 1)
        host?.stop(within: 60)
    }

    /// The example of the manual: what stands there compiles, and prints what it says.
    @Test func theExampleOfTheManual() async throws {
        let directory = TestDirectory()
        var printed: [String] = []
        func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
        let path = directory.path
        // example
        var host = try LearningHost(directory: path)
        try await host.createModel("fruit", ModelConfiguration(dimension: 2))

        let rows: [Double] = [1.0, 0.1, 0.9, 0.2, 0.1, 1.0]
        let labels = try ["apple", "apple", "pear"].map { try Label($0) }
        let learned = try await host.learn("fruit", features: rows, labels: labels, key: "first")
        print("learned", learned.rows, "rows of", learned.classes, "classes")

        host.stop(within: 10)  // or a power cut
        host = try LearningHost(directory: path)

        for (label, _) in try host.predict("fruit", features: [0.8, 0.1, 0.2, 0.9]) {
            print(label)
        }

        // The same key: these rows are not learned twice.
        let again = try await host.learn("fruit", features: rows, labels: labels, key: "first")
        print("still", again.samples, "rows")
        // end
        #expect(printed == ["learned 3 rows of 2 classes", "apple", "pear", "still 3 rows"])
        host.stop(within: 60)

        let source = try String(contentsOfFile: #filePath, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(source.firstIndex { $0 == "        // example" })
        let end = try #require(source.firstIndex { $0 == "        // end" })
        let example = source[(start + 1)..<end].map { $0.dropFirst(8) }.joined(separator: "\n")
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/ModelHost/ModelHost.docc/ModelHost.md")
        #expect(try String(contentsOf: page, encoding: .utf8).contains("```swift\n\(example)\n```"))
    }
}
