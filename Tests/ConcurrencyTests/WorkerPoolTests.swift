import Dispatch
import Foundation
import Testing

@testable import Concurrency

/// Many members on few threads.
@Suite struct WorkerPoolTests {
    private final class Count: Sendable {
        private let state = Guarded((turns: 0, running: 0, most: 0))

        func run(_ body: () -> Void) {
            state.withLock {
                $0.turns += 1
                $0.running += 1
                $0.most = max($0.most, $0.running)
            }
            body()
            state.withLock { $0.running -= 1 }
        }

        var turns: Int { state.withLock { $0.turns } }
        var most: Int { state.withLock { $0.most } }
    }

    /// Knuth's MMIX generator: the same numbers for the same seed.
    private struct Steps: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    private func pool(_ threads: Int) throws -> WorkerPool { try WorkerPool(threads: threads, stackSize: 512 << 10) {} }

    private func wait(_ condition: () -> Bool) -> Bool {
        for _ in 0..<20_000 {
            if condition() { return true }
            usleep(1000)
        }
        return false
    }

    @Test func aMember_takesOneTurnAtATime_andNoneWithoutReason() throws {
        let pool = try pool(4)
        defer { pool.stop() }
        let (member, count) = (pool.makeMember(), Count())
        member.wake()
        usleep(1000)
        #expect(count.turns == 0, "it has not begun")
        member.begin {
            count.run { usleep(100) }
            return .idle(until: nil)
        }
        #expect(wait { count.turns == 1 })
        DispatchQueue.concurrentPerform(iterations: 200) { _ in member.wake() }
        // Waking it during its turn gives it one more.
        #expect(wait { pool.figures.busy == 0 && pool.figures.waiting == 0 })
        #expect(count.most == 1 && (2...201).contains(count.turns))
        let turns = count.turns
        usleep(5000)
        #expect(count.turns == turns)
    }

    /// A wake is never lost, whenever it comes: a later turn sees what was put before it.
    @Test(arguments: [1, 3]) func noWakeIsLost(threads: Int) throws {
        let pool = try pool(threads)
        defer { pool.stop() }
        let members = (0..<20).map { _ in pool.makeMember() }
        let boxes = members.map { _ in Guarded((put: 0, seen: 0)) }
        for (member, box) in zip(members, boxes) {
            member.begin {
                box.withLock { $0.seen = $0.put }
                return .idle(until: nil)
            }
        }
        DispatchQueue.concurrentPerform(iterations: 4) { worker in
            for round in 0..<5000 {
                let index = (worker * 7 + round) % members.count
                boxes[index].withLock { $0.put += 1 }
                members[index].wake()
            }
        }
        #expect(wait { boxes.allSatisfy { $0.withLock { $0.put == $0.seen } } })
        #expect(boxes.reduce(0) { sum, box in sum + box.withLock { $0.put } } == 20_000)
    }

    /// A member that always has more to do queues behind all others after each turn.
    @Test func members_takeTurnsInOrder() throws {
        let pool = try pool(1)
        defer { pool.stop() }
        let order = Guarded<[Int]>([])
        let gate = DispatchSemaphore(value: 0)
        let first = pool.makeMember()
        first.begin {
            gate.wait()
            return .over
        }
        let members = (0..<5).map { _ in pool.makeMember() }
        for (index, member) in members.enumerated() {
            var left = 3
            member.begin {
                order.withLock { $0.append(index) }
                left -= 1
                return left > 0 ? .again : .over
            }
        }
        gate.signal()
        #expect(wait { order.withLock { $0.count } == 15 })
        #expect(order.withLock { $0 } == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
    }

    /// Threads are created for waiting members, up to the limit; long turns of some leave a thread to others.
    @Test func threads_areMadeAsTheyAreNeeded_upToTheLimit() throws {
        let pool = try pool(3)
        defer { pool.stop() }
        #expect(pool.figures.threads == 1)
        let gate = DispatchSemaphore(value: 0)
        let count = Count()
        let long = (0..<2).map { _ in pool.makeMember() }
        for member in long {
            member.begin {
                count.run { gate.wait() }
                return .over
            }
        }
        let short = (0..<50).map { _ in pool.makeMember() }
        let ended = Guarded(0)
        for member in short {
            member.begin {
                ended.withLock { $0 += 1 }
                return .over
            }
        }
        #expect(wait { ended.withLock { $0 } == 50 })
        #expect(count.turns == 2 && pool.figures.threads == 3 && pool.figures.busy >= 2)
        for _ in long { gate.signal() }
        #expect(wait { pool.figures.busy == 0 })
    }

    @Test func threadsThatAreRefused_leaveTheWorkToTheOthers() throws {
        let refusals = ThreadRefusals()
        let pool = try pool(8)
        defer { pool.stop() }
        let ended = Guarded(0)
        for index in 1..<8 { refusals.fail("worker-\(index)", times: 1000) }
        Threads.$refusals.withValue(refusals) {
            for _ in 0..<100 {
                pool.makeMember().begin {
                    ended.withLock { $0 += 1 }
                    return .over
                }
            }
        }
        #expect(wait { ended.withLock { $0 } == 100 })
        #expect(pool.figures.threads == 1)
    }

    @Test(arguments: ["worker-0", "worker-alarms"]) func aPoolWithoutItsFirstThreads_isNotMade(name: String) {
        let refusals = ThreadRefusals()
        refusals.fail(name)
        #expect(throws: ThreadError.self) {
            try Threads.$refusals.withValue(refusals) { () throws in _ = try pool(2) }
        }
    }

    @Test func aTime_wakesAMember_andTheEarliestOfSeveralCounts() throws {
        let pool = try pool(2)
        defer { pool.stop() }
        let start = MonotonicClock.now
        let times = Guarded<[Double]>([])
        let late = pool.makeMember()
        late.begin { .idle(until: start + 3600) }
        var waits = [0.05, 0.02, 0.03][...]
        let member = pool.makeMember()
        member.begin {
            times.withLock { $0.append(MonotonicClock.now) }
            return waits.popFirst().map { .idle(until: MonotonicClock.now + $0) } ?? .over
        }
        #expect(wait { times.withLock { $0.count } == 4 })
        let told = times.withLock { $0 }
        for (index, least) in [0.05, 0.02, 0.03].enumerated() { #expect(told[index + 1] - told[index] >= least - 0.001) }
        // Many at once, in any order.
        let woken = Guarded<[Int]>([])
        let many = (0..<200).map { _ in pool.makeMember() }
        for (index, member) in many.enumerated() {
            var isFirst = true
            let time = start + 0.3 + Double((index * 71) % 200) * 1e-3
            member.begin {
                if isFirst {
                    isFirst = false
                    return .idle(until: time)
                }
                woken.withLock { $0.append((index * 71) % 200) }
                return .over
            }
        }
        #expect(wait { woken.withLock { $0.count } == 200 })
        #expect(Set(woken.withLock { $0 }).count == 200)
    }

    @Test func whatIsOver_isLetGoOf() throws {
        final class Held: Sendable {}
        let pool = try pool(1)
        defer { pool.stop() }
        let member = pool.makeMember()
        weak var seen: Held?
        do {
            let held = Held()
            seen = held
            member.begin {
                withExtendedLifetime(held) { .over }
            }
        }
        #expect(wait { seen == nil })
        member.wake()
        #expect(pool.figures.waiting == 0)
    }

    /// A member whose time has not come is not kept until then.
    @Test func whatIsOver_isNotWokenAnyMore() throws {
        let pool = try pool(2)
        defer { pool.stop() }
        var members = (0..<100).map { _ in pool.makeMember() }
        let ends = Guarded(false)
        for (index, member) in members.enumerated() {
            let time = MonotonicClock.now + 3600 + Double(index * 37 % 100)
            member.begin { ends.withLock { $0 } ? .over : .idle(until: time) }
        }
        #expect(wait { pool.alarmCount == 100 })
        // Those in the middle go as well as the first.
        weak let some = members[50]
        ends.withLock { $0 = true }
        for index in stride(from: 0, to: 100, by: 2) { members[index].wake() }
        #expect(wait { pool.alarmCount == 50 })
        for member in members { member.wake() }
        #expect(wait { pool.alarmCount == 0 })
        members = []
        #expect(wait { some == nil })
    }

    /// Whatever is set and taken back, the earliest time is the next.
    @Test(arguments: 0..<20) func alarms_comeInTheOrderOfTheirTimes(seed: UInt64) throws {
        var generator = Steps(state: seed)
        let pool = try pool(1)
        defer { pool.stop() }
        let order = Guarded<[Int]>([])
        let start = MonotonicClock.now + 0.2
        let members = (0..<30).map { _ in pool.makeMember() }
        let times = (0..<30).map { $0 }.shuffled(using: &generator)
        let cancelled = Set((0..<30).filter { _ in Bool.random(using: &generator) })
        let isCancelling = Guarded(false)
        for (member, time) in zip(members, times) {
            member.begin {
                if MonotonicClock.now >= start + Double(time) * 0.004 {
                    order.withLock { $0.append(time) }
                    return .over
                }
                if isCancelling.withLock({ $0 }), cancelled.contains(time) { return .over }
                return .idle(until: start + Double(time) * 0.004)
            }
        }
        #expect(wait { pool.alarmCount == 30 || MonotonicClock.now > start })
        let wereAllSet = pool.alarmCount == 30
        isCancelling.withLock { $0 = true }
        for (member, time) in zip(members, times) where cancelled.contains(time) { member.wake() }
        let expected = Set(0..<30).subtracting(cancelled)
        #expect(wait { Set(order.withLock { $0 }).isSuperset(of: expected) && pool.alarmCount == 0 })
        let seen = order.withLock { $0 }
        let others = seen.filter { !cancelled.contains($0) }
        #expect(others == others.sorted() || !wereAllSet)
    }

    @Test func stopping_letsThoseWhoWaitFinish() throws {
        let ended = Guarded(0)
        do {
            let pool = try pool(2)
            for _ in 0..<200 {
                var left = 3
                pool.makeMember().begin {
                    left -= 1
                    if left == 0 { ended.withLock { $0 += 1 } }
                    return left > 0 ? .again : .over
                }
            }
            pool.stop()
        }
        #expect(wait { ended.withLock { $0 } == 200 })
    }
}
