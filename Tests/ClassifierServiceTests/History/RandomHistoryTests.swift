import Concurrency
import Foundation
import HTTPServer
import Testing

@testable import ClassifierService

/// Random histories over every operation of the route table, with kills, stops and failing disks in between. After every step, everything
/// that can be queried is compared with an oracle that knows only rows and formulas.
///
/// `ACCRUE_HISTORIES` sets how many, `ACCRUE_HISTORY_SEED` the seed of the first, `ACCRUE_HISTORY_STEPS` their length,
/// `ACCRUE_HISTORY_SECONDS` how long new ones are started, and `ACCRUE_HISTORY` is one history, as a failure prints it.
@Suite struct RandomHistoryTests {
    private static let environment = ProcessInfo.processInfo.environment

    private static func number(_ name: String) -> UInt64? { environment[name].flatMap { UInt64($0) } }

    /// Under the sanitizer everything takes ten times as long.
    static let count = number("ACCRUE_HISTORIES") ?? (ThreadSanitizer.isOn ? 2 : 8)
    static let steps = Int(number("ACCRUE_HISTORY_STEPS") ?? (ThreadSanitizer.isOn ? 12 : 40))

    /// A new route needs a step or a probe.
    @Test func everyOperationHasAStep() throws {
        let operations = try #require(HistoryOperations.shared).operations
        let changing = ChangingOperations.all.flatMap { $0.operations }
        let predicting = ModelProbes.predicting.flatMap { $0.operations }
        let observing = ModelProbes.observing.flatMap { $0.operations } + ServiceProbe.operations
        let all = changing + predicting + observing
        #expect(Set(all).count == all.count)
        #expect(Set(all) == Set(operations.map(\.id)))
        // Read-only operations cannot have a changing method, except those with a body.
        for operation in operations where !operation.method.isSafe && operation.access == .writing {
            #expect(changing.contains(operation.id), "\(operation.id) changes something")
        }
    }

    /// Two at a time: a fixed number, or as many as the time allows.
    @Test(.enabled(if: environment["ACCRUE_HISTORY"] == nil)) func histories() throws {
        let end = Self.number("ACCRUE_HISTORY_SECONDS").map { Date().addingTimeInterval(Double($0)) }
        let first = Self.number("ACCRUE_HISTORY_SEED") ?? (end == nil ? 1 : UInt64(Date().timeIntervalSince1970))
        let next = Guarded<UInt64>(0)
        let (findings, covered) = (Collected<String>(), Collected<Set<String>>())
        let count = Self.count
        try onThreads(2) { _ in
            while true {
                let place = next.withLock { next in
                    next += 1
                    return next - 1
                }
                guard end.map({ Date() < $0 }) ?? (place < count) else { break }
                print("history of seed \(first &+ place)")
                // Even if this process traps right afterwards.
                fflush(nil)
                let (finding, operations) = Self.run(History(seed: first &+ place, count: Self.steps, inProcess: ThreadSanitizer.isOn))
                covered.append(operations)
                guard let finding else { continue }
                findings.append(finding)
                print(finding)
            }
        }
        for finding in findings.all { Issue.record("\(finding)") }
        if end != nil { print("histories: \(covered.all.count) of \(Self.steps) steps from seed \(first), \(findings.all.count) findings") }
        // Operations that were never answered were never tested.
        guard findings.all.isEmpty, covered.all.count >= 8 else { return }
        let operations = Set(try #require(HistoryOperations.shared).operations.map(\.id))
        let called = covered.all.reduce(into: Set<String>()) { $0.formUnion($1) }
        #expect(operations.subtracting(called).isEmpty)
    }

    /// The history that a failure printed.
    @Test(.enabled(if: environment["ACCRUE_HISTORY"] != nil)) func theHistoryOfTheEnvironment() throws {
        let history = try #require(History(Self.environment["ACCRUE_HISTORY"] ?? ""))
        let run = HistoryRun(history)
        for line in run.log { print(line) }
        #expect(run.failure == nil)
    }

    /// A history's finding, with the shortest history that reproduces it; nil if nothing is wrong.
    private static func run(_ history: History) -> (finding: String?, covered: Set<String>) {
        let run = HistoryRun(history)
        guard let failure = run.failure else { return (nil, run.covered) }
        var text = "history of seed \(history.seed), step \(run.steps) of \(history.steps.count): \(failure)"
        var shrinker = HistoryShrinker(seconds: Double(number("ACCRUE_HISTORY_SHRINK") ?? 120))
        if let (short, last) = shrinker.shrink(history, run) {
            text += "\nshrunk to \(short.steps.count) steps in \(shrinker.runs) runs: \(last.failure ?? "")"
            text += "\n  " + last.log.suffix(60).joined(separator: "\n  ")
            text += "\nreplay with ACCRUE_HISTORY='\(short)'"
        } else {
            text += "\nit does not fail again; the last requests were\n  " + run.log.suffix(60).joined(separator: "\n  ")
            text += "\nreplay with ACCRUE_HISTORY='\(history)'"
        }
        return (text, run.covered)
    }
}
