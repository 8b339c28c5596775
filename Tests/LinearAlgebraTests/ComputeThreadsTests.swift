import Dispatch
import Foundation
import Glibc
import Synchronization
import Testing

@testable import LinearAlgebra

@Suite struct ComputeThreadsTests {
    private func withThreads(_ count: Int, _ body: () throws -> Void) rethrows {
        try ComputeThreads.$countInTask.withValue(count) { try body() }
    }

    @Test(arguments: [1, 2, 3, 16], [0, 1, 15, 16, 17, 100, 1000])
    func shares_coverEverythingOnce(threads: Int, count: Int) {
        withThreads(threads) {
            let visits = (0..<max(1, count)).map { _ in Counter() }
            ComputeThreads.share(count, operations: 1e9) { range in
                #expect(range.lowerBound % 16 == 0)
                for index in range { visits[index].value.add(1, ordering: .relaxed) }
            }
            #expect(visits.prefix(count).allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
        }
    }

    @Test func alone_nothingIsShared() {
        withThreads(4) {
            ComputeThreads.alone {
                #expect(ComputeThreads.countInTask == 1)
                #expect(ComputeThreads.shares(of: 100, operations: 1e9) == 1)
            }
            #expect(ComputeThreads.countInTask == 4)
        }
    }

    @Test(arguments: [1, 2, 3, 7], [0, 1, 2, 100]) func turns_areTakenOnce_byNoMoreThreadsThanAsked(threads: Int, turns: Int) {
        let visits = (0..<100).map { _ in Counter() }
        let (running, most) = (Counter(), Counter())
        ComputeThreads.concurrently(turns, threads: threads) { turn in
            most.value.max(running.value.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
            visits[turn].value.add(1, ordering: .relaxed)
            usleep(20)
            running.value.subtract(1, ordering: .relaxed)
        }
        #expect(visits.enumerated().allSatisfy { $1.value.load(ordering: .relaxed) == ($0 < turns ? 1 : 0) })
        #expect(most.value.load(ordering: .relaxed) <= threads)
    }

    private final class Counter: Sendable { let value = Atomic<Int>(0) }

    @Test func littleWork_isNotShared() {
        withThreads(8) {
            #expect(ComputeThreads.shares(of: 100, operations: 1e4) == 1)
            #expect(ComputeThreads.shares(of: 100, operations: 3.5e6) == 3)
            #expect(ComputeThreads.shares(of: 2, operations: 1e9) == 2)
        }
    }

    @Test func besideAFactorisation_nothingIsShared() {
        withThreads(4) {
            #expect(ComputeThreads.shares(of: 100, operations: 1e9) == 4)
            ComputeThreads.lendToLibrary(order: 1000) {
                ComputeThreads.lendToLibrary(order: 1000) {}
                #expect(ComputeThreads.shares(of: 100, operations: 1e9) == 1)
            }
            #expect(ComputeThreads.shares(of: 100, operations: 1e9) == 4)
        }
    }

    @Test func aLoan_waitsForCallsThatKeepToOneThread_andRefusesFurtherOnes() {
        let threads = Counter()
        threads.value.store(1, ordering: .relaxed)
        let loans = ThreadLoans { threads.value.store($0, ordering: .relaxed) }
        let (isInside, mayLeave, isLent, hasLent) = (
            DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
        )
        // The threads at the end of a call during which a loan was requested.
        let atTheEnd = Counter()
        Thread.detachNewThread {
            _ = loans.whileNone {
                isInside.signal()
                mayLeave.wait()
                atTheEnd.value.store(threads.value.load(ordering: .relaxed), ordering: .relaxed)
            }
        }
        isInside.wait()
        Thread.detachNewThread {
            loans.begin(threads: 3)
            isLent.signal()
            hasLent.wait()
            loans.end()
            isLent.signal()
        }
        while !loans.areAny { sched_yield() }
        #expect(!loans.whileNone { Issue.record("called beside a loan") })
        mayLeave.signal()
        isLent.wait()
        #expect(atTheEnd.value.load(ordering: .relaxed) == 1)
        #expect(threads.value.load(ordering: .relaxed) == 3)
        #expect(!loans.whileNone { Issue.record("called beside a loan") })
        hasLent.signal()
        isLent.wait()
        #expect(threads.value.load(ordering: .relaxed) == 1 && loans.whileNone {})
    }

    @Test func whileALoanEnds_noCallFindsTheThreadsThatItStillHas() {
        let called = Counter()
        let holder = Holder()
        let loans = ThreadLoans { threads in
            guard threads == 1, let loans = holder.loans.withLock({ $0 }) else { return }
            if loans.whileNone({}) { called.value.add(1, ordering: .relaxed) }
        }
        holder.loans.withLock { $0 = loans }
        loans.begin(threads: 2)
        loans.end()
        #expect(called.value.load(ordering: .relaxed) == 0)
        #expect(loans.whileNone {})
        holder.loans.withLock { $0 = nil }
    }

    private final class Holder: Sendable { let loans = Mutex<ThreadLoans?>(nil) }

    @Test(arguments: [2, 5]) func productsAndSolves_inShares_areThoseInOne(threads: Int) throws {
        var generator = SplitMix64(state: 11)
        let a = try randomMatrix(300, 90, &generator)
        let b = try randomMatrix(90, 410, &generator)
        var s = try Matrix(rows: 90, columns: 90)
        s.multiply(a, transposed: true, by: a)
        for index in 0..<90 { s[index, index] += 1 }
        try s.factorCholesky()
        func all() throws -> [Double] {
            var wide = try Matrix(rows: 300, columns: 410)
            wide.multiply(a, by: b)
            var tall = try Matrix(rows: 410, columns: 90)
            tall.multiply(wide, transposed: true, by: a, alpha: -0.5)
            var right = try a.copied()
            right.solveRightTransposed(lower: s)
            var left = try b.copied()
            left.solveLeft(lower: s)
            left.solveLeftTransposed(lower: s)
            return wide.withElements { Array($0) } + tall.withElements { Array($0) } + right.withElements { Array($0) }
                + left.withElements { Array($0) }
        }
        var (one, several): ([Double], [Double]) = ([], [])
        try withThreads(1) { one = try all() }
        try withThreads(threads) { several = try all() }
        #expect(zip(one, several).allSatisfy { abs($0 - $1) <= 1e-12 * max(1, abs($0)) })
    }
}
