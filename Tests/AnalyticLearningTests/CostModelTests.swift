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

    /// The first request for which one solution is cheaper.
    private func bulkRows(width: Int, classes: Int, mayBeWide: Bool = true) -> Int {
        let cost = CostModel(width: width)
        let first = (cost.blockRows + 1..<40 * width).first { cost.path(rows: $0, classes: classes, mayBeWide: mayBeWide) == .bulk }
        return first ?? .max
    }

    @Test func classes_delayBulk_becauseASolutionTakesAllWeights() {
        for width in [64, 256, 512, 1024] {
            let cost = CostModel(width: width)
            let bulk = [0, 10, 100, 1000, 5000].map { bulkRows(width: width, classes: $0) }
            #expect(bulk == bulk.sorted() && bulk[0] >= cost.bulkRows && 2 * bulk[4] > 3 * bulk[0], "\(bulk) at \(width)")
            // Never again the recursion, whichever way it takes.
            for (classes, first) in zip([0, 10, 100, 1000, 5000], bulk) {
                for rows in stride(from: first, to: 8 * first, by: max(1, first / 7)) {
                    #expect(cost.path(rows: rows, classes: classes, mayBeWide: true) == .bulk)
                }
            }
        }
        // Rows without scores take one product less either way.
        let cost = CostModel(width: 512)
        let unscored = (1...10_000).first { cost.isBulk(unscored: $0, classes: 5000) } ?? .max
        #expect(unscored <= bulkRows(width: 512, classes: 5000) && !cost.isBulk(unscored: 0, classes: 0))
        #expect(cost.isBulk(unscored: .max, classes: 100_000))
    }

    @Test func manyClasses_makeOneBlockOfARequest_withinItsBuffers() {
        let cost = CostModel(width: 2048)
        let block = cost.blockRows
        #expect(cost.path(rows: block + 1, classes: 5000, mayBeWide: true) == .wideBlock)
        #expect(cost.path(rows: 3 * block, classes: 5000, mayBeWide: true) == .wideBlock)
        #expect(cost.path(rows: 3 * block + 1, classes: 5000, mayBeWide: true) == .blocks)
        #expect(cost.path(rows: block + 1, classes: 5000, mayBeWide: false) == .blocks)
        // Wider triangles cost more than to score few classes twice.
        #expect(cost.path(rows: block + 1, classes: 10, mayBeWide: true) == .blocks)
    }

    @Test func buffers_areThinBesideTheSquare() {
        #expect(CostModel(width: 8192).buffers(mapsRows: true).reduce(0, +) <= 8192 / 7)
        #expect(CostModel(width: 2048).buffers(mapsRows: true).reduce(0, +) <= 2048 / 2)
    }
}
