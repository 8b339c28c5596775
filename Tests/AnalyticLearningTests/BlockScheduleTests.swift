import LinearAlgebra
import Testing

@testable import AnalyticLearning
@testable import LinearAlgebra

@Suite struct BlockScheduleTests {
    private static func gram(threads: Int, isCompensated: Bool = false) -> GramUpdateCost {
        GramUpdateCost(threads: threads, operations: 1e9, isCompensated: isCompensated)
    }

    @Test func chainsOfTheRecursion_standBesideG_onlyIfNeitherIsWaitedFor() {
        func schedule(_ threads: Int, _ score: Double = 1e8, gathered: Bool = false, sketches: Bool = false) -> BlockSchedule {
            .recursion(Self.gram(threads: threads), chains: (score, 5e7), isGathered: gathered, hasSketches: sketches)
        }
        #expect(schedule(1) == .inTurn)
        #expect(schedule(2) == .pairBesideGram && schedule(11) == .pairBesideGram)
        #expect(schedule(12) == .inTurn, "a twelfth of all is less than the longer chain")
        #expect(schedule(2, 2e9) == .inTurn)
        #expect(schedule(2, gathered: true) == .inTurn && schedule(2, sketches: true) == .inTurn)
    }

    @Test func rowsOnlyAdded_leaveAThreadToScores_whereThereIsOne() {
        func schedule(_ threads: Int, compensated: Bool = false, score: Double = 1e8, sketches: Bool = false) -> BlockSchedule {
            .accumulation(
                Self.gram(threads: threads, isCompensated: compensated), chains: (sums: 1e8, score: score), hasSketches: sketches)
        }
        #expect(schedule(1) == .inTurn && schedule(2) == .inTurn && schedule(1, compensated: true) == .inTurn)
        #expect(schedule(3) == .chainBesideGram && schedule(2, compensated: true) == .chainBesideGram)
        for (score, sketches) in [(4e7, false), (1e8, true)] {
            #expect(schedule(2, score: score, sketches: sketches) == .inTurn)
            #expect(schedule(3, score: score, sketches: sketches) == .secondBesideGram)
        }
    }

    @Test(arguments: [BlockSchedule.inTurn, .secondBesideGram, .chainBesideGram, .pairBesideGram], [1, 2, 5])
    func everySchedule_runsBothChainsOnce_andAddsWhatItSays(schedule: BlockSchedule, threads: Int) throws {
        let dimension = 300
        var square = try SymmetricPair(dimension: dimension)
        var h = try Matrix(rows: dimension, columns: 40)
        h.fill(1)
        var (first, second) = (0, 0)
        ComputeThreads.$countInTask.withValue(threads) {
            schedule.run(&square, h) {
                first += 1
            } _: {
                second += 1
            }
        }
        #expect((first, second) == (1, 1))
        #expect(square.gramElement(200, 100) == (schedule.includesGram ? 40 : 0))
    }
}
