import Glibc
import Synchronization
import Testing

@testable import Concurrency
@testable import LinearAlgebra

/// Work is shared with the available threads, and done without them if there are none.
@Suite struct HelperThreadsTests {
    private final class Counter: Sendable { let value = Atomic<Int>(0) }

    private func visits(_ helpers: HelperThreads, turns: Int, threads: Int) -> [Int] {
        let visits = (0..<turns).map { _ in Counter() }
        helpers.run(turns, threads: threads) { turn in
            visits[turn].value.add(1, ordering: .relaxed)
            if turn % 8 == 0 { usleep(50) }
        }
        return visits.map { $0.value.load(ordering: .relaxed) }
    }

    /// Dispatch would wait for its threads forever.
    @Test func withoutThreads_theCallerDoesAllOfIt() {
        let refusals = ThreadRefusals()
        refusals.fail("compute-helper", times: 1000)
        Threads.$refusals.withValue(refusals) {
            let helpers = HelperThreads()
            for _ in 0..<20 { #expect(visits(helpers, turns: 50, threads: 4) == Array(repeating: 1, count: 50)) }
        }
    }

    @Test func aThreadThatFails_isTriedAgainWithTheNextWork() {
        let refusals = ThreadRefusals()
        refusals.fail("compute-helper", after: 1, times: 2)
        Threads.$refusals.withValue(refusals) {
            let helpers = HelperThreads()
            for _ in 0..<50 { #expect(visits(helpers, turns: 30, threads: 3) == Array(repeating: 1, count: 30)) }
        }
    }

    @Test func threadsMadeBeforehand_takePart_orSayThatTheyCannotBeMade() throws {
        let helpers = HelperThreads()
        let prepared = Counter()
        try helpers.make(3) { prepared.value.add(1, ordering: .relaxed) }
        try helpers.make(2) { prepared.value.add(1, ordering: .relaxed) }
        for _ in 0..<50 { #expect(visits(helpers, turns: 40, threads: 4) == Array(repeating: 1, count: 40)) }
        while prepared.value.load(ordering: .relaxed) < 3 { usleep(100) }
        #expect(prepared.value.load(ordering: .relaxed) == 3)
        let refusals = ThreadRefusals()
        refusals.fail("compute-helper", after: 1)
        try Threads.$refusals.withValue(refusals) {
            let others = HelperThreads()
            #expect(throws: ThreadError.self) { try others.make(4) {} }
            try others.make(4) {}
            #expect(visits(others, turns: 40, threads: 5) == Array(repeating: 1, count: 40))
        }
    }

    /// Two concurrent pieces of work, and nested work.
    @Test func workOfSeveral_isAllDone() throws {
        let helpers = HelperThreads()
        let (total, ended) = (Counter(), Counter())
        for _ in 0..<3 {
            try Threads.start("caller") {
                for _ in 0..<100 { helpers.run(10, threads: 3) { _ in total.value.add(1, ordering: .relaxed) } }
                ended.value.add(1, ordering: .releasing)
            }
        }
        helpers.run(6, threads: 3) { _ in helpers.run(7, threads: 2) { _ in total.value.add(1, ordering: .relaxed) } }
        while ended.value.load(ordering: .acquiring) < 3 { usleep(100) }
        #expect(total.value.load(ordering: .relaxed) == 3000 + 42)
    }
}
