import Testing

@testable import AnalyticLearning

@Suite struct CostModelTests {
    @Test func crossOvers_areInOrder_andGrowWithTheWidth() {
        var last = CostModel(width: 1)
        for width in [1, 2, 3, 16, 64, 100, 256, 1024, 2048, 4096, 8192, 65536] {
            let cost = CostModel(width: width)
            #expect(cost.blockRows >= 16 && cost.blockRows <= 256)
            #expect(cost.gatheredColumns >= 16 && cost.gatheredColumns <= 256)
            // A gathered block must fit the gathered columns.
            #expect(cost.gatherBelow >= 2 && cost.gatherBelow <= cost.gatheredColumns)
            #expect(cost.bulkRows >= 2)
            #expect(cost.blockRows >= last.blockRows && cost.gatheredColumns >= last.gatheredColumns)
            #expect(cost.bulkRows >= last.bulkRows && cost.gatherBelow >= last.gatherBelow)
            last = cost
        }
    }

    @Test func bulk_beginsWhereASolveIsCheaperThanTheRecursion() {
        // 3D²n > D³/s and a little less, because of the terms in n² that only the recursion has.
        for width in [512, 2048, 8192] {
            let cost = CostModel(width: width)
            #expect(cost.bulkRows > width / 4 && cost.bulkRows < width)
        }
    }

    @Test func buffers_areThinBesideTheSquare() {
        #expect(CostModel(width: 8192).scratchColumns <= 8192 / 7)
        #expect(CostModel(width: 2048).scratchColumns <= 2048 / 2)
    }
}
