import Glibc
import Testing

@testable import LinearAlgebra

@Suite struct AlignedMemoryTests {
    @Test(arguments: [16_384, 32_768, 1 << 20]) func whatLiesBehindMayBeRead(bytes: Int) throws {
        // The kernel maps downwards: once the upper one is unmapped, nothing need follow the lower one.
        let pair = try [AlignedMemory.allocate(bytes: bytes), AlignedMemory.allocate(bytes: bytes)].sorted()
        AlignedMemory.deallocate(pair[1], bytes: bytes)
        var residency: UInt8 = 0
        #expect(mincore(pair[0] + bytes, 1, &residency) == 0, "the page behind is not mapped")
        AlignedMemory.deallocate(pair[0], bytes: bytes)
    }

    @Test(arguments: [8, 64, 4096, 16_376]) func smallMatrices_sharePages_andAreZero(bytes: Int) throws {
        let all = try (0..<100).map { _ in try AlignedMemory.allocate(bytes: bytes) }
        for address in all {
            #expect(UInt(bitPattern: address) % 64 == 0)
            let contents = UnsafeMutableRawBufferPointer(start: address, count: bytes)
            #expect(contents.allSatisfy { $0 == 0 })
            for index in contents.indices { contents[index] = 0xff }
        }
        for address in all { AlignedMemory.deallocate(address, bytes: bytes) }
        let again = try AlignedMemory.allocate(bytes: bytes)
        #expect(UnsafeRawBufferPointer(start: again, count: bytes).allSatisfy { $0 == 0 })
        AlignedMemory.deallocate(again, bytes: bytes)
    }

    /// The number of a matrix's pages that have memory.
    private func residentPages(_ matrix: borrowing Matrix, elements: Int) -> Int {
        matrix.withElements { part in
            var pages = [UInt8](repeating: 0, count: (elements * 8 + 4095) / 4096)
            mincore(UnsafeMutableRawPointer(mutating: part.baseAddress!), elements * 8, &pages)
            return pages.count { $0 & 1 == 1 }
        }
    }

    @Test func columnsThatGo_giveTheirMemoryBack() throws {
        let (rows, columns) = (1024, 64)
        var matrix = try Matrix(rows: rows, columns: columns)
        matrix.fill(1)
        #expect(residentPages(matrix, elements: rows * columns) == 2 * columns)
        for _ in 0..<48 { matrix.removeColumn(3) }
        #expect(residentPages(matrix, elements: rows * columns) == 2 * 16)
        try matrix.setColumns(4)
        #expect(residentPages(matrix, elements: rows * columns) == 2 * 4)
        try matrix.setColumns(columns)
        #expect(matrix[rows - 1, 3] == 1 && matrix[0, 4] == 0 && matrix[rows - 1, columns - 1] == 0)
    }

    @Test func discardedColumns_haveNoMemory_untilTheyAreWritten() throws {
        let (rows, columns) = (1024, 64)
        var matrix = try Matrix(rows: rows, columns: columns)
        matrix.fill(1)
        matrix.discardColumns(from: 16)
        #expect(residentPages(matrix, elements: rows * columns) == 2 * 16)
        #expect(matrix.columns == columns && matrix[rows - 1, 15] == 1)
        // Nothing is allocated for them.
        AllocationFault.fail(0)
        matrix[5, columns - 1] = 2
        #expect(!AllocationFault.heal())
        #expect(residentPages(matrix, elements: rows * columns) == 2 * 16 + 1)
        matrix.discardColumns()
        #expect(residentPages(matrix, elements: rows * columns) == 0)
        // Small matrices share pages, which stay.
        var small = try Matrix(rows: 8, columns: 8)
        small.fill(3)
        small.discardColumns()
        #expect(small[7, 7] == 3 && !Matrix.hasPages(rows: 8, columns: 8) && Matrix.hasPages(rows: rows, columns: columns))
    }

    /// Only the requesting thread finds no memory, and only once.
    @Test func faultIsOfOneAllocation() throws {
        AllocationFault.fail(1)
        _ = try Matrix(rows: 2, columns: 2)
        #expect(throws: LinearAlgebraError.outOfMemory(bytes: 32)) { _ = try Matrix(rows: 2, columns: 2) }
        _ = try Matrix(rows: 2, columns: 2)
        #expect(AllocationFault.heal())
        AllocationFault.fail(0)
        #expect(!AllocationFault.heal())
        _ = try Matrix(rows: 2, columns: 2)
    }
}
