import Foundation
import Testing

@testable import TensorFormats

/// Space for repeated appends grows by doubling, wherever it is reserved.
@Suite struct ReserveAppendingTests {
    @Test func manyReservations_moveTheElementsSeldom() {
        func moves(_ pieces: Int) -> Int {
            var array: [Int] = []
            var moves = 0
            for _ in 0..<pieces {
                let capacity = array.capacity
                array.reserveAppending(20)
                if array.capacity != capacity { moves += 1 }
                array.append(contentsOf: repeatElement(1, count: 20))
            }
            return moves
        }
        // One more for each doubling.
        #expect(moves(4000) <= moves(1000) + 3)
        #expect(moves(4000) < 20)
    }

    @Test func firstReservation_isNoMoreThanWasAskedFor() {
        var array: [Int] = []
        array.reserveAppending(1_000_000)
        #expect(array.capacity < 1_010_000)
        let capacity = array.capacity
        array.reserveAppending(10)
        #expect(array.capacity == capacity)
    }

    @Test func matricesReadIntoOneArray_moveItSeldom() throws {
        let text = Array("[[1,2,3,4],[5,6,7,8]]".utf8)
        var values: [Double] = []
        var moves = 0
        for _ in 0..<2000 {
            let capacity = values.capacity
            try text.withUnsafeBytes { bytes in
                var scanner = JSONScanner(bytes)
                _ = try scanner.readMatrix(field: "features", columns: 4, into: &values, maximumRows: 10)
            }
            if values.capacity != capacity { moves += 1 }
        }
        #expect(values.count == 16_000 && moves < 20)
    }

    /// Repeatedly reserving the current count plus an addition is the mistake. Only one function may make such a reservation, and does it
    /// right.
    @Test func nothingElseInTheSourcesReservesByAddition() throws {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Sources").path
        let pattern = /reserveCapacity\([^)]*(\bcount\b|\bfirst\b|\bbefore\b)\s*\+/
        var files = 0
        for case let file as String in try #require(FileManager.default.enumerator(atPath: sources)) where file.hasSuffix(".swift") {
            files += 1
            let text = try String(contentsOfFile: sources + "/" + file, encoding: .utf8)
            for line in text.split(separator: "\n") where line.contains("reserveCapacity") {
                #expect(line.firstMatch(of: pattern) == nil, "\(file): \(line)")
            }
        }
        #expect(files > 100)
    }
}
