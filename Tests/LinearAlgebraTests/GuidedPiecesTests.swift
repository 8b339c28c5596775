import Testing

@testable import LinearAlgebra

@Suite struct GuidedPiecesTests {
    @Test(arguments: [1, 2, 3, 4, 16, 64], [1, 2, 3, 10, 32, 1000]) func pieces_coverTheWholeOnce_andShrink(threads: Int, most: Int) {
        let pieces = GuidedPieces(threads: threads, most: most)
        #expect(1...most ~= pieces.count)
        #expect(pieces[0].lowerBound == 0)
        #expect(pieces[pieces.count - 1].upperBound == 1)
        var sizes: [Double] = []
        for index in 0..<pieces.count {
            let piece = pieces[index]
            let size = piece.upperBound - piece.lowerBound
            sizes.append(size)
            if index > 0 { #expect(piece.lowerBound == pieces[index - 1].upperBound) }
        }
        let least = max(1 / Double(most), 1 / (KernelCosts.lastPieces * Double(threads)))
        // The last pieces have equal size, rounded to a whole number of them; each before them is the given fraction of what is left.
        let last = sizes.last!
        let ofOneSize = sizes.reversed().prefix { abs($0 - last) < 1e-12 }.count
        #expect(last > least / 2.001 && last < 1.501 * least)
        var left = 1.0
        for size in sizes.dropLast(ofOneSize) {
            #expect(size > least && abs(size - left / (KernelCosts.pieceShare * Double(threads))) < 1e-12)
            left -= size
        }
    }

    @Test(arguments: [2, 4, 16]) func threadsThatTakePieces_endTogether_howeverLateOneBegins(threads: Int) {
        let pieces = GuidedPieces(threads: threads, most: 1000)
        for late in [0, 0.1, 0.3, 0.5] {
            // In units of one thread's time for the whole.
            var ends = [Double](repeating: 0, count: threads)
            ends[0] = late / Double(threads)
            for index in 0..<pieces.count {
                let first = ends.indices.min { ends[$0] < ends[$1] }!
                ends[first] += pieces[index].upperBound - pieces[index].lowerBound
            }
            let ideal = (1 + late / Double(threads)) / Double(threads)
            #expect(ends.max()! < 1.08 * ideal)
        }
    }
}
